"""One file per network: each turns its network's events into posts. `registry` lists them."""

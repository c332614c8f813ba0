"""Who talks with whom, weighted by how lately: the graph of a brand, and the circles in it."""

"""The wires of networks that both a collector and a chat bot speak over: connections and requests, no posts."""

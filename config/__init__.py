"""The configuration: schema, the only reader of files and environment, and its problems in plain words."""

"""Fields: the types of data, and how each is learned, encoded and shown; one file each."""

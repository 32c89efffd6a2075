"""HTTP/1.1 without I/O, over llhttp: request bytes out, reply events in, and the bookkeeping of a pool."""

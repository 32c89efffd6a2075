"""What a subclass of a client may override, by the names the official clients use; loaded by nobody else.

A client that overrides nothing goes the plain way and pays nothing. One that does gets a flow of its own, in which every
attempt is prepared, built and judged by its methods.
"""

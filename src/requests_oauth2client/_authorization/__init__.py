"""Authorization requests and their responses: parameters, request objects, callbacks, JARM. Does no I/O."""

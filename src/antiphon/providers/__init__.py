"""Providers: other houses that serve this API. A provider is data (where, with which credential) and, at most, a signer."""

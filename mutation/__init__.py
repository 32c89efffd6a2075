"""Mutation testing: does some test notice when a line of `policies/` is wrong?"""

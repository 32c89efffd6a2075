"""The documentation as a contract: fences run, pasted parts are fresh, names have their place, links lead somewhere."""

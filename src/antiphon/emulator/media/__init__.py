"""Pictures, sounds and clips as bytes: small writers and readers of file formats. Nothing here knows the API."""

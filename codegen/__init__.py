"""From the API description to the public surface: `api/` in; `types`, `operations` and `resources` of antiphon out.

The way of one run: `description` reads the facts and lays the hand decisions over them, `expression` understands their type
expressions, `name` gives every type its physical place, `emit` writes the Python, `output` formats it and puts it down or
compares it with what lies there. `drift` compares the facts with an OpenAPI document. Nothing here imports antiphon.

One limit is accepted. The package-level names (`antiphon.types.responses.Response`) are real imports to a type checker; the
official package's one-type modules (`antiphon.types.responses.response_item`) exist at run time only, served from the
package's index, because two files per package stand for what would be some 1,700 modules.
"""

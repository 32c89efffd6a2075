"""Where OpenAI's document and its official package disagree, and which side the emulator takes."""

from __future__ import annotations

DISAGREEMENTS: list[tuple[str, str]] = [
    # (what the validation says, as a pattern; why the emulator answers as it does)
    (
        r"\.(user|usage|status_details|expires_at): None is not of type",
        "The API writes null where it has nothing to say, and the package's types take it; the document says optional.",
    ),
    (
        r"\.list \$\.(first_id|last_id): None is not of type",
        "An empty list has no first and no last; the package reads the null.",
    ),
    (
        r"^embeddings\.create \$\.data\[\d+\]\.embedding: '[A-Za-z0-9+/=]* is not of type 'array'",
        "With encoding_format=base64 it is a text, which the package decodes.",
    ),
    (
        r"^embeddings\.create \$\.data\[\d+\]\.embedding: '[A-Za-z0-9+/=]*",
        "The same, of texts that are cut in the message.",
    ),
    (
        r"^chat\.completions\.messages\.list \$\.data\[\d+\]\.role: '\w+' is not one of \['assistant'\]",
        "Stored messages are those of the request, of every role; the document reuses the answer's type.",
    ),
    (
        r"^((beta\.)?responses\.(cancel|delete)|evals\.[\w.]+) \$: '(type|message|param|code)' is a required property",
        "Errors come inside `error` everywhere; the document shows the bare error for these.",
    ),
    (
        r"^(beta\.)?responses\.create \$\.type: 'response\.compaction\.compacting' is not one of",
        "The package knows this event; the document does not list it.",
    ),
    (
        r"^batches\.\w+ \$(\.data\[\d+\])?\.(model|errors|(output|error)_file_id|\w+_at): None is not of type",
        "A batch shows null for what has not happened yet, and the package's types take it; the document says optional.",
    ),
    (
        r"^evals\.runs\.[\w.]+ \$[\w.\[\]]*\.error: None is not of type 'object'",
        "Where nothing went wrong the error is null, as in the document's own examples.",
    ),
    (
        r"^fine_tuning\.jobs\.\w+ \$[\w.\[\]]*: [\d.]+ is less than or equal to the minimum of True",
        "The document says exclusiveMinimum with a truth value, as older schemas did; it means more than the minimum.",
    ),
    (
        r"^fine_tuning\.jobs\.\w+ \$[\w.\[\]]*\.status: 'paused' is not one of",
        "What a job is between pause and resume; the document's own example says it, its list of states forgot it.",
    ),
    (
        r"^files\.\w+ \$[\w.\[\]]*\.purpose: 'evals' is not one of",
        "A purpose that files are taken with; the answer's type forgot it, in the package too.",
    ),
    (
        r"^images\.(generate|edit) \$\.(size: '\d+x\d+'|output_format: '(gif|svg)'|quality: '(xhigh|max)') is not one of",
        "Newer image models draw in any size, more formats and qualities; the package's types say so, the document is older.",
    ),
    (
        r"^audio\.voices\.create \$: Additional properties are not allowed \(('type'|'prompt', 'type') w",
        "The package's Voice has a type and, where it was made of one, a prompt; the document is older.",
    ),
]

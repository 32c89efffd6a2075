"""The hand-written organs of the generated resources: flows and pure accumulators, each written once for both colours."""

"""Hand-written doubles of the ports, one per port; the contract tests hold them against the real adapters."""

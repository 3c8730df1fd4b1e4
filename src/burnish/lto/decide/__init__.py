"""From module summaries to a plan of the whole link, in pure values; see `burnish.lto.decide.plan.decide`."""

"""Times recurrent cells of other engines beside ours: what Scripts/compare-peers.sh runs.

`driver` starts one process for each engine, lets all compute the same numbers, compares
the results with `reference`, and times them in turn. An engine is one file,
`engine_<name>.py`, with a class `Engine`; `worker` is the process around it. Ours is the
Swift executable `Benchmarks --worker`, which speaks the same protocol.
"""

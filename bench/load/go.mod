module protogate/bench/load

go 1.26.0

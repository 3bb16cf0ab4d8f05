"""The editing side: command line, hosts and panel. It reaches the unit over gRPC only."""

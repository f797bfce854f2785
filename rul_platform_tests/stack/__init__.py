"""docker-compose.yml without Docker: the same processes with the same configuration, on this machine.

Each service runs in a sandbox (bubblewrap) with the files, paths, user, environment and host names
that its container would have; all share one network of their own, out of which only the published
ports lead.

compose.py     the file, as services
dockerfile.py  our own Dockerfile, as stages
images.py      what stands for each image
sandbox.py     a service as a command of bubblewrap
process.py     one service: started, watched, started again
supervisor.py  all of them, in their order, and a socket to ask them things
gateway.py     the published ports, from this machine's loopback into the network of the stack
building.py    the Dockerfile's steps, done in a clean tree
running.py     a stack for a test; plants.py a plant for it
__main__.py    `up`, `exec`, `status`, `kill`
"""

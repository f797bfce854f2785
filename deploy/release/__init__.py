"""How a release is made: locked dependencies, an audit of them, and files that anybody can check.

    lock.py         what is installed, each file by its hash                          make lock
    audit.py        are there known weaknesses in it?                                 make audit
    build.py        wheel, source, locks, bill of materials, checksums, signature     make release
    sbom.py         the bill of materials, from the locks

Belongs here: what is done with a checkout. Does not belong here: what a customer does with a release
(``rul_platform.operation.releases``, docs/releases.md). Nothing of this is installed.
"""

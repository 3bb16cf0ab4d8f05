"""OpenShot, whose process the panel runs in.

    project.py   its project as strips
    changes.py   steps as changes of its project
    host.py      the host

What touches OpenShot's own API is `in_host/openshot/`.
"""

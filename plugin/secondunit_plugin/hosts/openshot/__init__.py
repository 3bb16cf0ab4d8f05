"""OpenShot, whose process the panel runs in.

    project.py      its project as strips
    planned.py      what steps make of it
    changes.py      as changes that its editor makes
    host.py         the host
    installing.py   the desktop's entry that starts it with the panel

What touches OpenShot's own API is `in_host/openshot/`.
"""

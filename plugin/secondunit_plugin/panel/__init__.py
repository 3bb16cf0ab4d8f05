"""The panel: a window that follows a cut, orders takes from the unit, shows them and cuts them in.

A process of its own (`secondunit panel`). What a person sees is bound to an observable model that knows no widgets:

    app.py           the process: the window first, then the unit; errors that nobody took
    docked.py        the same in the window of another program; fills it as app.py does
    window.py        the main window: areas, docks, menus; binds commands to the model's verbs
    commands.py      every command with its key, icon and words, in one table
    theme.py         palette and style sheet; icons.py: the one family of icons; words.py: states as words
    background.py    `Operation(owner, work).success(..).failure(..).run()`: the one way into a thread
    collecting.py    where objects that nobody reaches end; plurals.py: English, in Qt's own way of writing plurals
    speaker.py       the sound device
    events.py        `UnitLink`: the one thread that calls the unit and reads its events
    watchdog.py      logs what blocks the UI thread for more than 50 ms, with its stack
    frames/          the frames process, which decodes: pictures through a ring in a mapped file, thumbnails, waveforms,
                     and what planning and single pictures need to know of media files (`bridge.media.decoding`)
    model/           QtCore only. panel.py: the whole and its verbs; cut.py, layout.py, places.py, suggestions.py,
                     draft.py, values.py, orders.py, takes.py, choosing.py, ratings.py, again.py, unit.py: the parts;
                     inquiry.py: what the unit says of the draft; editing.py: edits of the cut one after the other,
                     pending.py: what waits for one; states.py: takes that do not fit any more; handles.py, jumps.py:
                     what pictures tell; host.py, programs.py: the editing program whose cut it is, keeping.py: what
                     of it outlives program and panel; reading.py, planning.py, hosted.py, finding.py, cutting.py,
                     remaking.py, saved.py, kept.py, exporting.py: what touches OpenTimelineIO, imported inside
                     operations
    compare/         two pictures of the same frame as one; seams.py: the figures of a seam in words and as a light
    gestures/        tools over the viewer, for controls that are drawn on the picture; masks.py: painted masks
    drops.py         what is dragged onto the panel and within it; files.py: what the panel keeps for itself
    pictures.py      single pictures of media files, read in an operation
    controls/        a form drawn from the unit's `Control`s: form.py; field.py says which field draws which kind
    views/           one widget a file, bound to the model: viewer, timeline, place, order form, takes, queue, unit

What a further part of the panel adds, and where:

    a view           a file in views/, given the model, made and placed in `Window.fill`; views never call one another
    a control        a field in controls/ (`base.Field`: `edited`, `show_value`), one line in `form.field_for`
    a state          a part in model/ with signals, made in `PanelModel.__init__`; a verb there for what people do
    a command        a row in commands.py, and `Window.act(Command.X, do)`; what has nothing to do is in no menu
    a call           `Operation(owner, lambda: link.call(lambda unit: unit.plan(order))).success(..).failure(..).run()`

No RPC, codec or file work on the UI thread: all of it is an `Operation`. Threads are Python's, never Qt's (`background`
says why). What lives in operations may import OpenTimelineIO; everything else does not. No media file is decoded in the
panel's process: who has to know of one asks `DECODING`.
"""

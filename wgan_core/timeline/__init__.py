"""A run's past, to be scrubbed: what is kept, and what it held at each step.

    from wgan_core.timeline.reading import Timeline

    timeline = Timeline.of(RunFolder.open(path))     # opens no network and no picture; milliseconds; made anew to see what was added
    timeline.moments                                 # ascending: step, full, light, grid, marks (kind and text each)
    timeline.last                                    # the newest step that the run has reached
    near = timeline.nearest(12_800)                  # the kept step with networks that is nearest; near.step, near.exact
    near = timeline.nearest(12_800, full=True)       # the nearest that can be resumed and branched; None if there is none
    timeline.networks(near.step, "critic")           # float32 tensors by name, as `read_part`; also "generator" and "averaged"
    timeline.why_not_branched(step)                  # empty if a branch can begin there, else one sentence
    timeline.settings(step)                          # the settings under which that step was trained
    timeline.pictures()                              # images: Picture(step, data, mime), ascending; at most about 256, a few MB in all
    timeline.clouds()                                # points: Cloud(step, points [n, 2]), ascending; `timeline.data_points()` once
    timeline.histograms()                            # weights of each layer and scores, at the steps looked at
    timeline.readings_at(step)                       # the instruments' readings (slopes, distances) known at that step, by key
    timeline.sizes()                                 # bytes on disk: full, light, pictures, rest

    from wgan_core.timeline.pins import pin, unpin   # pin(folder, step, "text"): a kept step that is never thinned out

    from wgan_core.timeline.film import FilmCancelled, MIME, make_film
    data = make_film(folder, "mp4", title=..., progress=..., cancelled=...)    # bytes for a download; on a thread of its own, some seconds
    # also seconds=12, side=480, averaged=False, curve=True, latents=None; the mime type is MIME["mp4"]; StoreError says what is missing

`pictures` and `clouds` take `averaged=True`. Where a step has just been thinned out, `networks` and `picture` raise a StoreError that says
so in a sentence. `latent.saved.load_networks(folder, step)` opens full and light steps alike.
"""

"""Patrols: positions, check-ins, roll calls and shifts become small frames, computed once a day of data.

The way of a ping: legs (what is dropped and why, where a track is split) → stays in micro-grids and
near points, metres of routes, presence by hour, forces together, swept cells. Results are kept in
`store/patrol/` and read through `Dataset.patrol(name)`; a day is computed again only when its own
records, its neighbours', the reference, the settings or this chain changed.

`visits` to `receipts` are computed together, `route_metres` and `swept` when somebody asks for them. A
call with `since` and `until` reads what was recorded on these days: a night shift's hours after
midnight belong to the shift's day, and are recorded on the next.

All frames follow the conventions of `Dataset.frame`: ids and codes `string`, stamps and days
`datetime64[us, Asia/Shanghai]`, minutes and metres `float64`, counts `Int64`, flags `boolean`. `team_id`,
`force` and `person_id` are missing where the positions do not say them. Rows are sorted by time.

visits
    One row a valid visit of one person (or device) to one micro-grid: inside its polygon, entry and
    exit interpolated at the border, standing counted, re-entries within 5 min merged, a stay across
    midnight whole, at least the setting `visit_min_min` long; or a check-in at a point inside. `day`
    (of the entry), `microgrid_code`, `team_id`, `force`, `person_id`, `enter_at`, `exit_at` (equal for a
    check-in that no stay of the person explains), `stay_min` (exit − enter), `inside_min` (less what lay
    outside between merged entries), `sureness`: *certain* (at least half of its pings lie deeper inside
    than their accuracy, or a check-in), *border*, *unknown* (no accuracy told), `source` (gps, checkin).
passes
    Stays too short for a visit, counted: `day`, `microgrid_code`, `team_id`, `force`, `passes_n`,
    `passed_min` (inside).
point_visits
    One row a stay of one person within 30 m of a point, or a check-in (which stands for itself, with
    `enter_at` = `exit_at`): `day`, `point_id`, `team_id`, `force`, `person_id`, `enter_at`, `exit_at`,
    `source`. Check-ins take team and force from the person's track or, without one, from the
    person's other tracks.
route_metres
    Stretches of routes walked: route within 15 m of a kept track, to a quarter of a metre. One row a
    stretch: `day`, `shift_at`, `route_id`, `team_id`, `force`, `from_m`, `to_m` (along the route, from its
    first vertex; the parts of a multi-line one after another), `length_m` of the whole route. Metres
    walked in a window are the union of the intervals of each `route_id`: rows overlap where a team
    went twice.
presence
    One row a team, force and hour with a plan, a ping or a roll call: `day` (on which the shift
    starts: a night shift belongs to the day it starts), `shift_at` (start of the shift, else of the
    8-hour turn from 06:00), `hour_at`, `team_id`, `force`, `planned_min` (minutes of the hour on any
    shift), `planned_n` (persons planned, the most), `tracked_min` (minutes of the hour in which a member
    has a track: kept pings no more than 15 min apart), `covered_min` (planned minutes with a track),
    `person_min` (person-minutes of track; two devices of one person count once), `still_min` (tracked
    minutes of the hour when nobody moved 30 m in it), `rollcalls_n`, `answered_n` (persons present at
    the hour's last roll call; missing without one), and what follows from them for the planned
    minutes: `present_min` (tracked, or a roll call of the hour answered by somebody), `absent_min` (not
    tracked and the roll call answered by nobody), `unknown_min` (no evidence either way); present +
    absent + unknown = planned.
together
    One row a team and hour with a track or all three planned: `day`, `shift_at`, `hour_at`, `team_id`,
    `patrol_min` (minutes with any track), `three_min`, `two_min`, `one_min` (minutes in which the most
    forces within 50 m of each other for at least 10 min were three, two, one; they sum to patrol_min),
    `present_three_min` and `planned_three_min` (minutes in which all three forces had a track, or were
    planned: what staffing allows).
efforts
    One row a device and shift: `day`, `shift_at`, `team_id`, `force`, `person_id`, `device_id`, `kept_min`
    (minutes of track), `walked_km`, `is_counted` (the patrol's kilometres are this device's: of the
    team's devices in the shift it has the most kept minutes).
receipts
    One row a day, team and force: `day` (of the stamp, however wrong), `team_id`, `force`, `pings_n` =
    `kept_n` + `duplicate_n` + `bad_time_n` + `bad_place_n` + `accuracy_n` + `speed_n`.
positions
    Where everybody was: the first kept ping of each minute of a track, `at`, `team_id`, `force`,
    `person_id`, `device_id`, `lon`, `lat` (degrees WGS-84). For replays and scenes, not for lengths.
swept
    Cells of 5 m a track crossed, in runs: `day`, `team_id`, `force`, `cell_y`, `first_x`, `last_x`
    (included). The swath is what lies within 12.5 m: widen the union of the cells wanted, then count.
cells
    The raster of the micro-grids: `cell_x`, `cell_y`, `microgrid_code` (`category`); 5 m each, by the
    cell's middle.
"""

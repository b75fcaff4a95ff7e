-- What a version in the shadow was held to, and what its codes mean: counts by code and by pair of versions stay readable when the versions
-- have moved on. Empty in rows from before.
ALTER TABLE shadow_differences
    ADD COLUMN against_version text NOT NULL DEFAULT '',
    ADD COLUMN meaning text NOT NULL DEFAULT '';

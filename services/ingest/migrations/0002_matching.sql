-- Names that are asked for by their groups, and the keys of the performed and the requested procedure step (PS3.18 table 10.6.1-5).
CREATE OR REPLACE FUNCTION name_matches(name text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE
    -- Any component group may match, whatever the case; with "=" in the pattern each group that it names (PS3.4 C.2.2.2.1, PS3.5 6.2.1).
    RETURN CASE WHEN position('=' IN pattern) = 0
        THEN EXISTS (SELECT FROM unnest(string_to_array(name, '=')) AS part WHERE rtrim(part, '^') ILIKE pattern)
        ELSE NOT EXISTS (
            SELECT FROM unnest(string_to_array(pattern, '=')) WITH ORDINALITY AS asked (part, place)
            WHERE asked.part <> '' AND rtrim(split_part(name, '=', asked.place::int), '^') NOT ILIKE rtrim(asked.part, '^'))
        END;

-- A time (TM) to the microsecond, so that times compare as texts.
CREATE FUNCTION whole_time(value text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN value || substr('000000.000000', length(value) + 1);

CREATE OR REPLACE FUNCTION series_matches(s series, q jsonb) RETURNS boolean LANGUAGE sql STABLE
    RETURN (q->'series_uids' IS NULL OR q->'series_uids' ? s.series_instance_uid)
       AND (q->'series_modalities' IS NULL OR EXISTS (
            SELECT FROM jsonb_array_elements_text(q->'series_modalities') AS pattern WHERE s.modality LIKE pattern))
       AND (q->>'series_number' IS NULL OR s.series_number = (q->>'series_number')::int)
       AND (q->>'series_description' IS NULL OR s.attributes #>> '{0008103E,Value,0}' LIKE q->>'series_description')
       AND (q->>'body_part' IS NULL OR s.attributes #>> '{00180015,Value,0}' LIKE q->>'body_part')
       AND (q->>'step_date_from' IS NULL
            OR s.attributes #>> '{00400244,Value,0}' >= replace(q->>'step_date_from', '-', ''))
       AND (q->>'step_date_to' IS NULL
            OR s.attributes #>> '{00400244,Value,0}' <= replace(q->>'step_date_to', '-', ''))
       AND (q->>'step_time_from' IS NULL OR whole_time(s.attributes #>> '{00400245,Value,0}') >= q->>'step_time_from')
       AND (q->>'step_time_to' IS NULL OR whole_time(s.attributes #>> '{00400245,Value,0}') <= q->>'step_time_to')
       AND (q->>'scheduled_step_id' IS NULL OR EXISTS (
            SELECT FROM jsonb_array_elements(s.attributes #> '{00400275,Value}') AS item
            WHERE item #>> '{00400009,Value,0}' LIKE q->>'scheduled_step_id'))
       AND (q->>'requested_procedure_id' IS NULL OR EXISTS (
            SELECT FROM jsonb_array_elements(s.attributes #> '{00400275,Value}') AS item
            WHERE item #>> '{00401001,Value,0}' LIKE q->>'requested_procedure_id'));

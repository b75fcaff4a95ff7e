-- Who changed what, and when: one row for each change of the directory, written in its transaction and never changed again.
CREATE TABLE change (
    id uuid PRIMARY KEY, -- UUIDv7: in the order of time
    organisation_id uuid NOT NULL REFERENCES organisation, -- whose entity it is; an agreement's requester
    reader_id uuid REFERENCES organisation, -- the other party of an agreement
    at timestamptz NOT NULL DEFAULT now(),
    subject text NOT NULL, -- whose token it was
    username text NOT NULL,
    kind text NOT NULL, -- organisation, device, membership, agreement
    name text NOT NULL, -- alias, AE title, user name or client id, number
    outcome text NOT NULL CHECK (outcome IN ('created', 'changed', 'renewed')),
    content jsonb NOT NULL -- the entity as it then was; never a secret
);
CREATE INDEX change_organisation ON change (organisation_id, id);
CREATE INDEX change_reader ON change (reader_id, id) WHERE reader_id IS NOT NULL;

CREATE FUNCTION keep_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was changed, and by whom, is never rewritten' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON change FOR EACH ROW EXECUTE FUNCTION keep_change();

ALTER TABLE change ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_and_party ON change FOR SELECT TO directory USING (current_organisation() IN (organisation_id, reader_id));
CREATE POLICY operator_reads ON change FOR SELECT TO directory_operator USING (true);
CREATE POLICY operator_appends ON change FOR INSERT TO directory_operator WITH CHECK (true);
REVOKE INSERT, UPDATE, DELETE ON change FROM directory;
GRANT SELECT, INSERT ON change TO directory_operator;

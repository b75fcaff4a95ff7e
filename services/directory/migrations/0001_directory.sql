-- Organisations, devices, memberships and agreements. Row level security FORCEd on every table:
--   directory            a tenant: sees itself, the platform, and the parties of its agreements; writes nothing
--   directory_operator   the platform's operators, who set up every organisation
--   directory_directory  looks up whom an access token speaks for, before its tenant is known

-- A single value as a range, so that an exclusion constraint needs no extension: equal values overlap, an unbounded one overlaps all.
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C");
CREATE TYPE uuid_range AS RANGE (subtype = uuid);

CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    alias text NOT NULL UNIQUE,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    time_zone text NOT NULL,
    unified_social_credit_code text UNIQUE,
    platform boolean NOT NULL,
    quiet_period interval NOT NULL,
    active boolean NOT NULL,
    revision bigint NOT NULL,
    CHECK (platform OR unified_social_credit_code IS NOT NULL)
);
CREATE UNIQUE INDEX one_platform ON organisation (platform) WHERE platform;

CREATE TABLE device (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    ae_title text COLLATE "C" NOT NULL UNIQUE,
    host text,
    port integer,
    description text NOT NULL,
    active boolean NOT NULL,
    revision bigint NOT NULL
);
CREATE INDEX device_organisation ON device (organisation_id);

CREATE TABLE membership (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    subject text NOT NULL,
    username text NOT NULL,
    display_name text NOT NULL,
    roles text[] NOT NULL,
    machine boolean NOT NULL,
    active boolean NOT NULL,
    revision bigint NOT NULL,
    UNIQUE (organisation_id, subject),
    UNIQUE (username, organisation_id)
);

CREATE TABLE agreement (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    requester_id uuid NOT NULL REFERENCES organisation,
    reader_id uuid NOT NULL REFERENCES organisation,
    UNIQUE (id, requester_id, reader_id),
    CHECK (requester_id <> reader_id)
);
CREATE INDEX agreement_requester ON agreement (requester_id);
CREATE INDEX agreement_reader ON agreement (reader_id);

-- Versions are only ever added.
CREATE TABLE agreement_version (
    agreement_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    requester_id uuid NOT NULL,
    reader_id uuid NOT NULL,
    valid_from date NOT NULL,
    terms jsonb NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (agreement_id, version),
    UNIQUE (agreement_id, valid_from),
    FOREIGN KEY (agreement_id, requester_id, reader_id) REFERENCES agreement (id, requester_id, reader_id)
);

-- What each version covers while it decides; derived from the versions, rewritten with every new one.
CREATE TABLE agreement_coverage (
    agreement_id uuid NOT NULL,
    version integer NOT NULL,
    requester_id uuid NOT NULL,
    reader_id uuid NOT NULL,
    modality text NOT NULL,
    body_part text NOT NULL,
    during daterange NOT NULL CHECK (NOT isempty(during)),
    PRIMARY KEY (agreement_id, version, modality, body_part),
    FOREIGN KEY (agreement_id, version) REFERENCES agreement_version (agreement_id, version),
    CONSTRAINT one_reader_at_a_time EXCLUDE USING gist (
        uuid_range(requester_id, requester_id, '[]') WITH &&,
        text_range(modality, modality, '[]') WITH &&,
        text_range(nullif(body_part, '*'), nullif(body_part, '*'), '[]') WITH &&,
        during WITH &&
    )
);

ALTER TABLE organisation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE device ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE membership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE agreement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE agreement_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE agreement_coverage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY own_and_parties ON organisation FOR SELECT TO directory USING (
    id = current_organisation()
    OR platform
    -- The agreements seen here are the tenant's own, by their own policy.
    OR EXISTS (SELECT FROM agreement WHERE organisation.id IN (agreement.requester_id, agreement.reader_id))
);
CREATE POLICY own ON device FOR SELECT TO directory USING (organisation_id = current_organisation());
CREATE POLICY own ON membership FOR SELECT TO directory USING (organisation_id = current_organisation());
CREATE POLICY party ON agreement FOR SELECT TO directory USING (current_organisation() IN (requester_id, reader_id));
CREATE POLICY party ON agreement_version FOR SELECT TO directory USING (current_organisation() IN (requester_id, reader_id));
CREATE POLICY party ON agreement_coverage FOR SELECT TO directory USING (current_organisation() IN (requester_id, reader_id));

CREATE POLICY operator ON organisation TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON device TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON membership TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON agreement TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON agreement_version TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator ON agreement_coverage TO directory_operator USING (true) WITH CHECK (true);
CREATE POLICY operator_appends ON outbox FOR INSERT TO directory_operator WITH CHECK (true);

CREATE POLICY look_up ON organisation FOR SELECT TO directory_directory USING (true);
CREATE POLICY look_up ON membership FOR SELECT TO directory_directory USING (true);

REVOKE INSERT, UPDATE, DELETE ON organisation, device, membership, agreement, agreement_version, agreement_coverage FROM directory;
GRANT USAGE ON SCHEMA directory TO directory_operator;
GRANT SELECT, INSERT, UPDATE ON organisation, device, membership TO directory_operator;
GRANT SELECT, INSERT ON agreement, agreement_version TO directory_operator;
GRANT SELECT, INSERT, DELETE ON agreement_coverage TO directory_operator;
GRANT INSERT ON outbox TO directory_operator;
GRANT SELECT ON organisation, membership TO directory_directory;

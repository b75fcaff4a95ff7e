-- name: lock_writes
-- One writer at a time: changes are rare, and events then leave in the order of their commits.
SELECT pg_advisory_xact_lock(hashtext('directory.writes'));

-- name: select_organisation
-- One organisation by its alias.
SELECT id, alias, name_zh, name_en, time_zone, unified_social_credit_code, platform, quiet_period, active, revision
FROM organisation WHERE alias = %(alias)s;

-- name: select_organisation_by_id
-- One organisation by its id.
SELECT id, alias, name_zh, name_en, time_zone, unified_social_credit_code, platform, quiet_period, active, revision
FROM organisation WHERE id = %(id)s;

-- name: select_organisation_by_code
-- The organisation with this unified social credit code.
SELECT id, alias, name_zh, name_en, time_zone, unified_social_credit_code, platform, quiet_period, active, revision
FROM organisation WHERE unified_social_credit_code = %(code)s;

-- name: list_organisations
-- Organisations in the order of their aliases, after one of them.
SELECT id, alias, name_zh, name_en, time_zone, unified_social_credit_code, platform, quiet_period, active, revision
FROM organisation WHERE alias > %(after)s ORDER BY alias LIMIT %(limit)s;

-- name: insert_organisation
-- A new organisation.
INSERT INTO organisation (id, alias, name_zh, name_en, time_zone, unified_social_credit_code, platform, quiet_period, active, revision)
VALUES (%(id)s, %(alias)s, %(name_zh)s, %(name_en)s, %(time_zone)s, %(unified_social_credit_code)s, %(platform)s,
        %(quiet_period)s, %(active)s, %(revision)s);

-- name: update_organisation
-- What may change of an organisation; its alias is its name in tokens and stays.
UPDATE organisation
SET name_zh = %(name_zh)s, name_en = %(name_en)s, time_zone = %(time_zone)s, quiet_period = %(quiet_period)s,
    unified_social_credit_code = %(unified_social_credit_code)s, active = %(active)s, revision = %(revision)s
WHERE id = %(id)s;

-- name: select_device
-- One device by its calling AE title.
SELECT id, organisation_id, ae_title, host, port, description, active, revision FROM device WHERE ae_title = %(ae_title)s;

-- name: list_devices
-- Devices in the order of their AE titles, after one of them; of one organisation, or of all that are visible.
SELECT id, organisation_id, ae_title, host, port, description, active, revision
FROM device
WHERE ae_title > %(after)s AND (%(organisation_id)s::uuid IS NULL OR organisation_id = %(organisation_id)s)
ORDER BY ae_title LIMIT %(limit)s;

-- name: insert_device
-- A new device.
INSERT INTO device (id, organisation_id, ae_title, host, port, description, active, revision)
VALUES (%(id)s, %(organisation_id)s, %(ae_title)s, %(host)s, %(port)s, %(description)s, %(active)s, %(revision)s);

-- name: update_device
-- What may change of a device; it never moves to another organisation, whose exams it would then send.
UPDATE device
SET host = %(host)s, port = %(port)s, description = %(description)s, active = %(active)s, revision = %(revision)s
WHERE id = %(id)s;

-- name: select_memberships_of
-- Every membership of one person or machine that is visible.
SELECT id, organisation_id, subject, username, display_name, roles, machine, active, revision
FROM membership WHERE username = %(username)s ORDER BY organisation_id;

-- name: select_membership_by_subject
-- What a token's subject is in an organisation.
SELECT id, organisation_id, subject, username, display_name, roles, machine, active, revision
FROM membership WHERE organisation_id = %(organisation_id)s AND subject = %(subject)s;

-- name: list_memberships
-- Memberships in the order of their names, after one of them; of one organisation, or of all that are visible.
SELECT id, organisation_id, subject, username, display_name, roles, machine, active, revision
FROM membership
WHERE (username, organisation_id::text) > (%(after)s, %(after_organisation)s)
  AND (%(organisation_id)s::uuid IS NULL OR organisation_id = %(organisation_id)s)
ORDER BY username, organisation_id::text LIMIT %(limit)s;

-- name: insert_membership
-- A new membership.
INSERT INTO membership (id, organisation_id, subject, username, display_name, roles, machine, active, revision)
VALUES (%(id)s, %(organisation_id)s, %(subject)s, %(username)s, %(display_name)s, %(roles)s, %(machine)s, %(active)s, %(revision)s);

-- name: update_membership
-- What may change of a membership. The subject changes when the account was made anew at the identity provider.
UPDATE membership
SET subject = %(subject)s, display_name = %(display_name)s, roles = %(roles)s, active = %(active)s, revision = %(revision)s
WHERE id = %(id)s;

-- name: select_versions
-- All versions of one agreement, the first first.
SELECT agreement.id, agreement.number, agreement.requester_id, agreement.reader_id, version, terms, revision
FROM agreement JOIN agreement_version ON agreement_id = agreement.id
WHERE number = %(number)s ORDER BY version;

-- name: select_versions_of_requester
-- All versions of all agreements by which one organisation asks for reads.
SELECT agreement.id, agreement.number, agreement.requester_id, agreement.reader_id, version, terms, revision
FROM agreement JOIN agreement_version ON agreement_id = agreement.id
WHERE agreement.requester_id = %(requester_id)s ORDER BY number, version;

-- name: list_agreements
-- The latest version of each agreement in the order of their numbers, after one of them.
SELECT DISTINCT ON (number)
       agreement.id, agreement.number, agreement.requester_id, agreement.reader_id, version, terms, revision
FROM agreement JOIN agreement_version ON agreement_id = agreement.id
WHERE number > %(after)s ORDER BY number, version DESC LIMIT %(limit)s;

-- name: list_versions
-- All versions of all agreements.
SELECT agreement.id, agreement.number, agreement.requester_id, agreement.reader_id, version, terms, revision
FROM agreement JOIN agreement_version ON agreement_id = agreement.id ORDER BY number, version;

-- name: insert_agreement
-- A new agreement, still without a version; nothing when the number is known.
INSERT INTO agreement (id, number, requester_id, reader_id) VALUES (%(id)s, %(number)s, %(requester_id)s, %(reader_id)s)
ON CONFLICT (number) DO NOTHING;

-- name: insert_version
-- A new version of an agreement.
INSERT INTO agreement_version (agreement_id, version, requester_id, reader_id, valid_from, terms, revision)
VALUES (%(agreement_id)s, %(version)s, %(requester_id)s, %(reader_id)s, %(valid_from)s, %(terms)s, %(revision)s);

-- name: insert_change
-- Notes who did what to an entity.
INSERT INTO change (id, organisation_id, reader_id, subject, username, kind, name, outcome, content)
VALUES (%(id)s, %(organisation_id)s, %(reader_id)s, %(subject)s, %(username)s, %(kind)s, %(named)s, %(outcome)s, %(content)s);

-- name: list_changes
-- What was changed, the latest first, before one of them; of one organisation, or of all that are visible.
SELECT id, organisation_id, at, subject, username, kind, name, outcome, content
FROM change
WHERE (%(before)s::uuid IS NULL OR id < %(before)s)
  AND (%(organisation_id)s::uuid IS NULL OR %(organisation_id)s IN (organisation_id, reader_id))
ORDER BY id DESC LIMIT %(limit)s;

-- name: delete_coverage
-- Forgets what an agreement covers, to be written anew.
DELETE FROM agreement_coverage WHERE agreement_id = %(agreement_id)s;

-- name: insert_coverage
-- One service of one version on the days on which it decides.
INSERT INTO agreement_coverage (agreement_id, version, requester_id, reader_id, modality, body_part, during)
VALUES (%(agreement_id)s, %(version)s, %(requester_id)s, %(reader_id)s, %(modality)s, %(body_part)s,
        daterange(%(begins)s, %(ends)s));

-- name: lock_requester
-- Settling and correcting one requester's usage go one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('billing.settle/' || %(organisation_id)s::uuid::text, 0));

-- name: keep_exam
-- Notes an exam, or the study UID that was not known before; the row stays locked, so events of one exam keep their order.
INSERT INTO exams (organisation_id, exam_id, study_instance_uid, service_date, trace_id)
VALUES (%(organisation_id)s, %(exam_id)s, %(study_instance_uid)s, %(service_date)s, %(trace_id)s)
ON CONFLICT (organisation_id, exam_id) DO UPDATE SET study_instance_uid = excluded.study_instance_uid
WHERE exams.study_instance_uid IS NULL AND excluded.study_instance_uid IS NOT NULL;

-- name: add_exam_party
-- Lets who pays or earns for an exam see its identifiers.
UPDATE exams SET party_ids = party_ids || %(party_id)s::uuid
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND NOT %(party_id)s::uuid = ANY (party_ids);

-- name: keep_exam_event
-- Notes which event said what of an exam.
INSERT INTO exam_events (organisation_id, event_id, exam_id, type, occurred_at, trace_id, detail)
VALUES (%(organisation_id)s, %(event_id)s, %(exam_id)s, %(type)s, %(occurred_at)s, %(trace_id)s, %(detail)s)
ON CONFLICT DO NOTHING;

-- name: pin_priced_item
-- Keeps the price item of an agreement version as usage first needed it.
INSERT INTO priced_items (organisation_id, agreement_id, agreement_version, item_code, agreement_number, valid_from, reader_id,
    description_zh, description_en, payer_id, payee_id, currency, tiers)
VALUES (%(organisation_id)s, %(agreement_id)s, %(agreement_version)s, %(item_code)s, %(agreement_number)s, %(valid_from)s,
    %(reader_id)s, %(description_zh)s, %(description_en)s, %(payer_id)s, %(payee_id)s, %(currency)s, %(tiers)s)
ON CONFLICT DO NOTHING;

-- name: insert_usage
-- Records usage; touches no row when the exam was charged for the item (or the record reversed) before.
INSERT INTO usage_records (organisation_id, id, exam_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency,
    service_date, quantity, corrects_usage_id, reason, trace_id, recorded_at)
VALUES (%(organisation_id)s, %(id)s, %(exam_id)s, %(agreement_id)s, %(agreement_version)s, %(item_code)s, %(payer_id)s,
    %(payee_id)s, %(currency)s, %(service_date)s, %(quantity)s, %(corrects_usage_id)s, %(reason)s, %(trace_id)s, %(recorded_at)s)
ON CONFLICT DO NOTHING;

-- name: insert_open_usage
-- Puts a record among those that the next close settles.
INSERT INTO open_usage (organisation_id, usage_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency,
    tier_period, service_date, quantity)
VALUES (%(organisation_id)s, %(id)s, %(agreement_id)s, %(agreement_version)s, %(item_code)s, %(payer_id)s, %(payee_id)s,
    %(currency)s, %(tier_period)s, %(service_date)s, %(quantity)s);

-- name: cancel_open_usage
-- Takes a record from those that the next close settles; touches no row when it is settled already.
DELETE FROM open_usage WHERE organisation_id = %(organisation_id)s AND usage_id = %(usage_id)s;

-- name: select_usage
-- One record by its id.
SELECT organisation_id, id, exam_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency, service_date,
    quantity, corrects_usage_id, reason, trace_id
FROM usage_records WHERE id = %(id)s;

-- name: select_usage_page
-- Records with what became of them, latest service date first. Each side (requester, payer, payee) is read in the order of its
-- own index and no further than the page; what else is known is looked up for the page alone. A line is named to those who see
-- its invoice; whoever only requested sees that there is one.
WITH page AS MATERIALIZED (
    (SELECT r.organisation_id, r.id, r.service_date FROM usage_records AS r
    WHERE r.organisation_id = current_organisation()
        AND (%(begin)s::date IS NULL OR r.service_date >= %(begin)s)
        AND (%(end)s::date IS NULL OR r.service_date <= %(end)s)
        AND (%(agreement)s::text IS NULL OR r.agreement_id IN (
            SELECT agreement_id FROM priced_items WHERE agreement_number = %(agreement)s OR agreement_id::text = %(agreement)s))
        AND (%(exam_id)s::uuid IS NULL OR r.exam_id = %(exam_id)s)
        AND (%(after_date)s::date IS NULL OR (r.service_date, r.id) < (%(after_date)s, %(after_id)s::uuid))
    ORDER BY r.service_date DESC, r.id DESC LIMIT %(limit)s)
    UNION
    (SELECT r.organisation_id, r.id, r.service_date FROM usage_records AS r
    WHERE r.payer_id = current_organisation()
        AND (%(begin)s::date IS NULL OR r.service_date >= %(begin)s)
        AND (%(end)s::date IS NULL OR r.service_date <= %(end)s)
        AND (%(agreement)s::text IS NULL OR r.agreement_id IN (
            SELECT agreement_id FROM priced_items WHERE agreement_number = %(agreement)s OR agreement_id::text = %(agreement)s))
        AND (%(exam_id)s::uuid IS NULL OR r.exam_id = %(exam_id)s)
        AND (%(after_date)s::date IS NULL OR (r.service_date, r.id) < (%(after_date)s, %(after_id)s::uuid))
    ORDER BY r.service_date DESC, r.id DESC LIMIT %(limit)s)
    UNION
    (SELECT r.organisation_id, r.id, r.service_date FROM usage_records AS r
    WHERE r.payee_id = current_organisation()
        AND (%(begin)s::date IS NULL OR r.service_date >= %(begin)s)
        AND (%(end)s::date IS NULL OR r.service_date <= %(end)s)
        AND (%(agreement)s::text IS NULL OR r.agreement_id IN (
            SELECT agreement_id FROM priced_items WHERE agreement_number = %(agreement)s OR agreement_id::text = %(agreement)s))
        AND (%(exam_id)s::uuid IS NULL OR r.exam_id = %(exam_id)s)
        AND (%(after_date)s::date IS NULL OR (r.service_date, r.id) < (%(after_date)s, %(after_id)s::uuid))
    ORDER BY r.service_date DESC, r.id DESC LIMIT %(limit)s)
    ORDER BY service_date DESC, id DESC LIMIT %(limit)s
)
SELECT r.organisation_id, r.id, r.exam_id, e.study_instance_uid, r.service_date, r.agreement_id, p.agreement_number,
    r.agreement_version, r.item_code, p.description_zh, p.description_en, r.payer_id, r.payee_id, r.currency, r.quantity,
    r.corrects_usage_id, r.reason, r.recorded_at, r.trace_id, CASE WHEN i.id IS NOT NULL THEN l.id END AS line_id,
    l.amount_minor, i.id AS invoice_id, i.number AS invoice_number, (o.usage_id IS NOT NULL) AS open,
    (l.id IS NOT NULL) AS settled, coalesce(period_is_closed(l.period_id), false) AS closed, x.id AS reversed_by
FROM page
JOIN usage_records AS r ON r.organisation_id = page.organisation_id AND r.id = page.id
JOIN priced_items AS p ON p.organisation_id = r.organisation_id AND p.agreement_id = r.agreement_id
    AND p.agreement_version = r.agreement_version AND p.item_code = r.item_code
LEFT JOIN exams AS e ON e.organisation_id = r.organisation_id AND e.exam_id = r.exam_id
LEFT JOIN lines AS l ON l.organisation_id = r.organisation_id AND l.usage_id = r.id
LEFT JOIN invoices AS i ON i.id = l.invoice_id
LEFT JOIN open_usage AS o ON o.organisation_id = r.organisation_id AND o.usage_id = r.id
LEFT JOIN usage_records AS x ON x.organisation_id = r.organisation_id AND x.corrects_usage_id = r.id
ORDER BY page.service_date DESC, page.id DESC;

-- name: select_open_units_of
-- The open records of the groups that hold any of these ids, with their ordinals: units already settled in the tier period,
-- then the open ones by service date and id.
WITH units AS (
    SELECT o.organisation_id, o.usage_id, o.agreement_id, o.agreement_version, o.item_code, o.quantity,
        coalesce((
            SELECT max(l.ordinal) FROM lines AS l
            WHERE l.organisation_id = o.organisation_id AND l.agreement_id = o.agreement_id AND l.item_code = o.item_code
                AND l.payer_id = o.payer_id AND l.payee_id = o.payee_id AND l.currency = o.currency
                AND l.tier_period = o.tier_period
        ), 0) + row_number() OVER (
            PARTITION BY o.organisation_id, o.agreement_id, o.item_code, o.payer_id, o.payee_id, o.currency, o.tier_period,
                o.quantity
            ORDER BY o.service_date, o.usage_id
        ) AS ordinal
    FROM open_usage AS o
    WHERE (o.organisation_id, o.agreement_id, o.item_code, o.payer_id, o.payee_id, o.currency, o.tier_period) IN (
        SELECT organisation_id, agreement_id, item_code, payer_id, payee_id, currency, tier_period
        FROM open_usage WHERE usage_id = ANY(%(ids)s)
    )
)
SELECT u.usage_id, CASE WHEN u.quantity > 0 THEN u.ordinal END AS ordinal, p.tiers, l.amount_minor AS reverses_minor
FROM units AS u
JOIN priced_items AS p USING (organisation_id, agreement_id, agreement_version, item_code)
JOIN usage_records AS r ON r.organisation_id = u.organisation_id AND r.id = u.usage_id
LEFT JOIN lines AS l ON l.organisation_id = r.organisation_id AND l.usage_id = r.corrects_usage_id
WHERE u.usage_id = ANY(%(ids)s);

-- name: select_open_runs
-- Open units as unbroken runs of ordinals, by price item and service date.
WITH units AS (
    SELECT o.organisation_id, o.agreement_id, o.agreement_version, o.item_code, o.payer_id, o.payee_id, o.currency,
        o.tier_period, o.service_date,
        row_number() OVER place AS place,
        row_number() OVER place - row_number() OVER (
            PARTITION BY o.organisation_id, o.agreement_id, o.item_code, o.payer_id, o.payee_id, o.currency, o.tier_period,
                o.agreement_version, o.service_date
            ORDER BY o.usage_id
        ) AS island
    FROM open_usage AS o
    WHERE o.quantity > 0 AND (%(begin)s::date IS NULL OR o.tier_period >= date_trunc('month', %(begin)s::date)::date)
    WINDOW place AS (
        PARTITION BY o.organisation_id, o.agreement_id, o.item_code, o.payer_id, o.payee_id, o.currency, o.tier_period
        ORDER BY o.service_date, o.usage_id
    )
), runs AS (
    SELECT organisation_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency, tier_period, service_date,
        min(place) AS first_place, count(*) AS quantity
    FROM units
    GROUP BY organisation_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency, tier_period,
        service_date, island
)
SELECT u.organisation_id, u.agreement_id, u.agreement_version, u.item_code, u.payer_id, u.payee_id, u.currency, u.service_date,
    u.quantity, p.description_zh, p.description_en, p.agreement_number, p.tiers,
    u.first_place + coalesce((
        SELECT max(l.ordinal) FROM lines AS l
        WHERE l.organisation_id = u.organisation_id AND l.agreement_id = u.agreement_id AND l.item_code = u.item_code
            AND l.payer_id = u.payer_id AND l.payee_id = u.payee_id AND l.currency = u.currency
            AND l.tier_period = u.tier_period
    ), 0) AS first_ordinal
FROM runs AS u
JOIN priced_items AS p USING (organisation_id, agreement_id, agreement_version, item_code)
WHERE (%(begin)s::date IS NULL OR u.service_date >= %(begin)s) AND (%(end)s::date IS NULL OR u.service_date <= %(end)s)
ORDER BY u.service_date, u.agreement_id, u.item_code, first_ordinal;

-- name: select_open_reversals
-- Open reversals with what they give back, by price item and service date.
SELECT o.organisation_id, o.agreement_id, o.agreement_version, o.item_code, o.payer_id, o.payee_id, o.currency, o.service_date,
    p.description_zh, p.description_en, p.agreement_number, sum(o.quantity)::bigint AS quantity,
    -sum(l.amount_minor)::bigint AS amount_minor
FROM open_usage AS o
JOIN priced_items AS p USING (organisation_id, agreement_id, agreement_version, item_code)
JOIN usage_records AS r ON r.organisation_id = o.organisation_id AND r.id = o.usage_id
JOIN lines AS l ON l.organisation_id = r.organisation_id AND l.usage_id = r.corrects_usage_id
WHERE o.quantity < 0 AND (%(begin)s::date IS NULL OR o.service_date >= %(begin)s)
    AND (%(end)s::date IS NULL OR o.service_date <= %(end)s)
GROUP BY o.organisation_id, o.agreement_id, o.agreement_version, o.item_code, o.payer_id, o.payee_id, o.currency, o.service_date,
    p.description_zh, p.description_en, p.agreement_number
ORDER BY o.service_date, o.agreement_id, o.item_code;

-- name: select_settled_by_day
-- What lines took, by service date and parties.
SELECT service_date, payer_id, payee_id, currency, sum(quantity)::bigint AS quantity, sum(amount_minor)::bigint AS amount_minor
FROM lines
WHERE (%(begin)s::date IS NULL OR service_date >= %(begin)s) AND (%(end)s::date IS NULL OR service_date <= %(end)s)
GROUP BY service_date, payer_id, payee_id, currency
ORDER BY service_date;

-- name: select_open_summary
-- How many records no close has settled, and the earliest service date among them.
SELECT count(*) AS records, min(service_date) AS earliest FROM open_usage;

-- name: lock_periods
-- Periods begin one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('billing.periods', 0));

-- name: select_last_period
-- The period that was closed, or is being closed, through the latest instant.
SELECT id, through, after, state, begun_at, closed_at, trace_id FROM periods ORDER BY through DESC LIMIT 1;

-- name: select_period
-- One period.
SELECT id, through, after, state, begun_at, closed_at, trace_id FROM periods WHERE id = %(id)s;

-- name: select_open_period
-- The close that is under way, if any.
SELECT id, through, after, state, begun_at, closed_at, trace_id FROM periods WHERE state <> 'closed';

-- name: select_periods
-- Periods, latest first.
SELECT id, through, after, state, begun_at, closed_at, trace_id FROM periods ORDER BY through DESC LIMIT 500;

-- name: insert_period
-- Begins a close.
INSERT INTO periods (organisation_id, id, through, after, state, begun_at, trace_id)
VALUES (%(organisation_id)s, %(id)s, %(through)s, %(after)s, 'rating', %(begun_at)s, %(trace_id)s);

-- name: hold_period
-- The state that a period keeps until this transaction ends.
SELECT state FROM periods WHERE id = %(id)s FOR SHARE;

-- name: advance_period
-- Takes a period to its next state, once.
UPDATE periods SET state = %(next)s, closed_at = CASE WHEN %(next)s = 'closed' THEN %(now)s::timestamptz END
WHERE id = %(id)s AND state = %(state)s;

-- name: select_next_requester
-- The next organisation that has open usage.
SELECT organisation_id FROM open_usage WHERE organisation_id > %(after)s ORDER BY organisation_id LIMIT 1;

-- name: select_units_to_settle
-- A requester's open records up to a service date, with ordinals, price and, for reversals, what the line they reverse took.
WITH units AS (
    SELECT o.organisation_id, o.usage_id, o.agreement_id, o.agreement_version, o.item_code, o.payer_id, o.payee_id, o.currency,
        o.tier_period, o.service_date, o.quantity,
        row_number() OVER (
            PARTITION BY o.agreement_id, o.item_code, o.payer_id, o.payee_id, o.currency, o.tier_period, o.quantity
            ORDER BY o.service_date, o.usage_id
        ) AS place
    FROM open_usage AS o
    WHERE o.organisation_id = %(organisation_id)s AND o.service_date <= %(last)s
), groups AS (
    SELECT g.agreement_id, g.item_code, g.payer_id, g.payee_id, g.currency, g.tier_period, coalesce((
        SELECT max(l.ordinal) FROM lines AS l
        WHERE l.organisation_id = %(organisation_id)s AND l.agreement_id = g.agreement_id AND l.item_code = g.item_code
            AND l.payer_id = g.payer_id AND l.payee_id = g.payee_id AND l.currency = g.currency
            AND l.tier_period = g.tier_period
    ), 0) AS settled
    FROM (SELECT DISTINCT agreement_id, item_code, payer_id, payee_id, currency, tier_period FROM units) AS g
)
SELECT u.organisation_id, u.usage_id, u.agreement_id, u.agreement_version, u.item_code, u.payer_id, u.payee_id, u.currency,
    u.tier_period, u.service_date, u.quantity, CASE WHEN u.quantity > 0 THEN g.settled + u.place END AS ordinal, p.tiers,
    c.amount_minor AS reverses_minor, r.trace_id
FROM units AS u
JOIN groups AS g USING (agreement_id, item_code, payer_id, payee_id, currency, tier_period)
JOIN priced_items AS p USING (organisation_id, agreement_id, agreement_version, item_code)
JOIN usage_records AS r ON r.organisation_id = u.organisation_id AND r.id = u.usage_id
LEFT JOIN lines AS c ON c.organisation_id = r.organisation_id AND c.usage_id = r.corrects_usage_id
ORDER BY u.service_date, u.usage_id;

-- name: insert_draft_invoice
-- Opens the one invoice of a period between two parties.
INSERT INTO invoices (organisation_id, id, period_id, payer_id, payee_id, currency, state)
VALUES (%(payee_id)s, %(id)s, %(period_id)s, %(payer_id)s, %(payee_id)s, %(currency)s, 'draft')
ON CONFLICT DO NOTHING;

-- name: insert_lines
-- Settles records, in one statement.
INSERT INTO lines (organisation_id, id, usage_id, invoice_id, period_id, agreement_id, agreement_version, item_code, payer_id,
    payee_id, currency, tier_period, service_date, ordinal, quantity, unit_amount_minor, amount_minor)
SELECT o.organisation_id, s.id, o.usage_id, s.invoice_id, %(period_id)s, o.agreement_id, o.agreement_version, o.item_code,
    o.payer_id, o.payee_id, o.currency, o.tier_period, o.service_date, s.ordinal, o.quantity, s.unit_amount_minor, s.amount_minor
FROM unnest(%(ids)s::uuid[], %(usage_ids)s::uuid[], %(invoice_ids)s::uuid[], %(ordinals)s::bigint[],
    %(unit_amounts_minor)s::bigint[], %(amounts_minor)s::bigint[])
    AS s (id, usage_id, invoice_id, ordinal, unit_amount_minor, amount_minor)
JOIN open_usage AS o ON o.organisation_id = %(organisation_id)s AND o.usage_id = s.usage_id;

-- name: settle_open_usage
-- Takes what was settled from the open records.
DELETE FROM open_usage WHERE organisation_id = %(organisation_id)s AND usage_id = ANY(%(ids)s);

-- name: take_draft_invoice
-- The next invoice to issue, kept for this transaction.
SELECT id, payer_id, payee_id, currency FROM invoices WHERE period_id = %(period_id)s AND state = 'draft'
ORDER BY payee_id, payer_id, currency LIMIT 1 FOR UPDATE;

-- name: sum_invoice_items
-- What an invoice takes for each item.
SELECT item_code, sum(amount_minor)::bigint AS amount_minor FROM lines WHERE invoice_id = %(invoice_id)s
GROUP BY item_code ORDER BY item_code;

-- name: next_sequence
-- The payee's next invoice number; locked until the invoice is there, so no number is left out.
INSERT INTO invoice_counters AS counter (organisation_id, last_sequence) VALUES (%(payee_id)s, 1)
ON CONFLICT (organisation_id) DO UPDATE SET last_sequence = counter.last_sequence + 1
RETURNING last_sequence;

-- name: issue_invoice
-- Issues a draft.
UPDATE invoices SET state = 'issued', sequence = %(sequence)s, number = %(number)s, total_minor = %(total_minor)s,
    issued_at = %(issued_at)s, payer = %(payer)s, payee = %(payee)s
WHERE id = %(id)s AND state = 'draft';

-- name: insert_account
-- Opens an account when it is first needed.
INSERT INTO ledger_accounts (organisation_id, id, counterparty_id, kind, item_code, currency)
VALUES (%(organisation_id)s, %(id)s, %(counterparty_id)s, %(kind)s, %(item_code)s, %(currency)s)
ON CONFLICT DO NOTHING;

-- name: insert_transaction
-- Posts an invoice; its postings follow in the same transaction.
INSERT INTO ledger_transactions (organisation_id, id, period_id, invoice_id, payer_id, posted_at)
VALUES (%(payee_id)s, %(id)s, %(period_id)s, %(id)s, %(payer_id)s, %(posted_at)s);

-- name: insert_posting
-- Debits (positive) or credits (negative) an account.
INSERT INTO ledger_postings (organisation_id, transaction_id, account_id, period_id, currency, amount_minor)
VALUES (%(organisation_id)s, %(transaction_id)s, %(account_id)s, %(period_id)s, %(currency)s, %(amount_minor)s);

-- name: sum_settlements
-- What each organisation owes and earns by the invoices of a period.
SELECT organisation_id, currency, sum(owes)::bigint AS owes_minor, sum(earns)::bigint AS earns_minor
FROM (
    SELECT payer_id AS organisation_id, currency, total_minor AS owes, 0 AS earns FROM invoices WHERE period_id = %(period_id)s
    UNION ALL
    SELECT payee_id, currency, 0, total_minor FROM invoices WHERE period_id = %(period_id)s
) AS sides
GROUP BY organisation_id, currency ORDER BY organisation_id, currency;

-- name: insert_settlement
-- An organisation's statement of a period.
INSERT INTO settlements (organisation_id, id, period_id, currency, owes_minor, earns_minor, organisation)
VALUES (%(organisation_id)s, %(id)s, %(period_id)s, %(currency)s, %(owes_minor)s, %(earns_minor)s, %(organisation)s);

-- name: select_invoices
-- Issued invoices, latest first.
SELECT i.id, i.number, i.period_id, p.through, p.after, i.payer_id, i.payee_id, i.payer, i.payee, i.currency, i.total_minor,
    i.issued_at
FROM invoices AS i JOIN periods AS p ON p.id = i.period_id
WHERE (%(period_id)s::uuid IS NULL OR i.period_id = %(period_id)s)
    AND (%(after_time)s::timestamptz IS NULL OR (i.issued_at, i.id) < (%(after_time)s, %(after_id)s::uuid))
ORDER BY i.issued_at DESC, i.id DESC LIMIT %(limit)s;

-- name: select_invoice
-- One issued invoice.
SELECT i.id, i.number, i.period_id, p.through, p.after, i.payer_id, i.payee_id, i.payer, i.payee, i.currency, i.total_minor,
    i.issued_at
FROM invoices AS i JOIN periods AS p ON p.id = i.period_id WHERE i.id = %(id)s;

-- name: select_invoice_lines
-- The lines of an invoice in the order in which they were rated.
SELECT l.id, l.usage_id, l.organisation_id, r.exam_id, e.study_instance_uid, l.service_date, l.agreement_id, p.agreement_number,
    l.agreement_version, l.item_code, p.description_zh, p.description_en, l.ordinal, l.quantity, l.unit_amount_minor,
    l.amount_minor, l.currency, r.corrects_usage_id, r.reason, r.trace_id
FROM lines AS l
JOIN usage_records AS r ON r.organisation_id = l.organisation_id AND r.id = l.usage_id
JOIN priced_items AS p ON p.organisation_id = l.organisation_id AND p.agreement_id = l.agreement_id
    AND p.agreement_version = l.agreement_version AND p.item_code = l.item_code
LEFT JOIN exams AS e ON e.organisation_id = r.organisation_id AND e.exam_id = r.exam_id
WHERE l.invoice_id = %(invoice_id)s
ORDER BY l.service_date, l.usage_id;

-- name: select_settlements
-- Settlement statements of closed periods, latest first.
SELECT s.id, s.organisation_id, s.period_id, p.through, p.after, p.closed_at, s.currency, s.owes_minor, s.earns_minor,
    s.net_minor, s.organisation
FROM settlements AS s JOIN periods AS p ON p.id = s.period_id
WHERE (%(id)s::uuid IS NULL OR s.id = %(id)s)
ORDER BY p.through DESC, s.currency LIMIT 500;

-- name: select_line
-- One line with the usage, agreement and invoice that it rests on.
SELECT l.id, l.organisation_id, l.usage_id, l.invoice_id, l.period_id, l.agreement_id, l.agreement_version, l.item_code,
    l.payer_id, l.payee_id, l.currency, l.tier_period, l.service_date, l.ordinal, l.quantity, l.unit_amount_minor,
    l.amount_minor, r.exam_id, r.corrects_usage_id, r.reason, r.recorded_at, r.trace_id, p.agreement_number, p.valid_from,
    p.description_zh, p.description_en, p.tiers, i.number AS invoice_number, i.issued_at
FROM lines AS l
JOIN usage_records AS r ON r.organisation_id = l.organisation_id AND r.id = l.usage_id
JOIN priced_items AS p ON p.organisation_id = l.organisation_id AND p.agreement_id = l.agreement_id
    AND p.agreement_version = l.agreement_version AND p.item_code = l.item_code
JOIN invoices AS i ON i.id = l.invoice_id
WHERE l.id = %(id)s;

-- name: select_exam
-- What billing knows of an exam.
SELECT organisation_id, exam_id, study_instance_uid, service_date, trace_id FROM exams
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s;

-- name: select_exam_events
-- The events that spoke of an exam, in the order in which they happened.
SELECT event_id, type, occurred_at, trace_id, detail FROM exam_events
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s ORDER BY occurred_at, event_id;

-- name: select_postings
-- The postings of an invoice in the books that one may see, for one item and for the totals.
SELECT p.transaction_id, p.account_id, a.organisation_id, a.counterparty_id, a.kind, a.item_code, p.currency, p.amount_minor,
    t.posted_at
FROM ledger_postings AS p
JOIN ledger_accounts AS a ON a.id = p.account_id
JOIN ledger_transactions AS t ON t.id = p.transaction_id
WHERE t.invoice_id = %(invoice_id)s AND a.item_code IN ('', %(item_code)s)
ORDER BY a.organisation_id, a.kind, a.item_code;

-- name: select_accounts
-- Accounts with their balances.
SELECT a.id, a.organisation_id, a.counterparty_id, a.kind, a.item_code, a.currency,
    coalesce(sum(p.amount_minor), 0)::bigint AS balance_minor
FROM ledger_accounts AS a LEFT JOIN ledger_postings AS p ON p.account_id = a.id
GROUP BY a.id, a.organisation_id, a.counterparty_id, a.kind, a.item_code, a.currency
ORDER BY a.organisation_id, a.currency, a.kind, a.counterparty_id, a.item_code;

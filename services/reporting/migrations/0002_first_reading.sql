-- Double reading: all that the first expert signed stays beside the draft that the second may change, not only who and when.
-- No double reading was ever under way before this.
ALTER TABLE report DROP COLUMN first_signed;
ALTER TABLE report ADD COLUMN first_reading jsonb;

-- What the latest analysis says beside its findings: view and quality of the images, and where they contradict the exam.
ALTER TABLE report ADD COLUMN hints jsonb NOT NULL DEFAULT '{}';

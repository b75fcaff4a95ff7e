export const clinic = {
  exam: {
    patient: 'Patient', patientId: 'Patient ID', birthDate: 'Born', accession: 'Accession number', what: 'Exam', received: 'Received', serviceDate: 'Service date',
    images: 'Images', imagesFrames: '{{images}} · {{frames}} fr.', image: 'Image {{number}}', imageFrames: 'No. {{number}} · {{frames}} fr.', noImages: 'This study has no images yet.',
    priority: 'Priority', state: 'State', coverage: 'Reader', missing: 'Still missing', nothingMissing: 'Nothing', report: 'Report', uid: 'Study UID',
    empty: 'No exams yet. Upload files, or send them from the scanner.', facts: 'Exam',
    completeTitle: 'Is everything here?', completeHint: 'Say when all images have arrived; reading begins then. Without it the platform waits until no image has come for a while.',
    complete: 'Exam complete', completeAsk: 'Complete the exam? Images: {{images}}', completed: 'The exam is complete and goes to be read.',
    consentTitle: 'Patient’s consent', consentHint: 'Without consent to remote reading nothing leaves your hospital.', consentRemote: 'The patient consents to remote reading',
    consentTrial: 'The patient consents to the trial of AI models', consentSave: 'Save consent', consentSaved: 'Consent saved',
  },
  examState: { receiving: 'Receiving', completed: 'Complete', amended: 'Amended' },
  reportState: { none: 'None yet', signed: 'Signed', amended: 'With addendum' },
  coverage: { crosses: 'Reader has it', no_agreement: 'No agreement', no_consent: 'Consent missing' },
  missing: {
    completion: 'Completion', agreement: 'Agreement', consent: 'Consent to remote reading', trial_consent: 'Consent to the trial', patient_name: 'Patient’s name',
    patient_id: 'Patient ID', body_part: 'Body part', calibration: 'Calibration', images: 'Images', report: 'Report',
  },
  imageHints: { title: 'AI’s hints on the images', line: '{{what}}: images: {{count}}', unreadable: 'Cannot be decoded, so AI did not read them: images: {{count}}. Export them from the machine again.', contradiction: 'The exam says {{part}}, images show: {{view}} ({{count}}). Check the body part.' },
  fault: {
    '122742': 'Poor image quality', '111235': 'Unusable image', '111210': 'Motion blur', 'gain-too-low': 'Gain too low', 'gain-too-high': 'Gain too high', 'contact-lost': 'Contact lost',
    frozen: 'Frozen or repeated frames', 'burned-in-text': 'Burned-in text (may name the patient)', 'not-ultrasound': 'Not an ultrasound image',
  },
  anatomy: {
    '12738006': 'fetal brain', '818981001': 'fetal abdomen', '71341001': 'fetal femur', '816094009': 'fetal thorax', '71252005': 'cervix', '76752008': 'breast', '10200004': 'liver',
    '39607008': 'lung', '91727004': 'muscle',
  },
  refusal: { advice: 'What to do', when: 'When', how: 'Way', reason: 'Why it was refused', uid: 'Instance', hint: 'What was sent but not taken, and why. Correct it and send it again.', empty: 'Nothing was refused.' },
  upload: {
    hint: 'DICOM files from this computer. A broken upload goes on where it stopped.', drop: 'Drop files or folders here, or choose them.', chooseFiles: 'Choose files',
    chooseFolder: 'Choose a folder', file: 'File', size: 'Size', megabytes: '{{size}} MB', progress: 'Progress', progressOf: 'Progress of {{name}}', state: 'State', result: 'Result',
    stored: 'Stored safely', interrupted: 'The connection broke', summary: 'Files: {{total}}, stored {{done}}, refused {{refused}}', clear: 'Clear finished',
    next: 'When all images of an exam are here, open it and say that it is complete.', empty: 'No files chosen yet.',
  },
  uploadState: { waiting: 'Waiting', sending: 'Sending', stored: 'Stored', refused: 'Refused', interrupted: 'Interrupted' },
}

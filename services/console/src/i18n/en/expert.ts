export const expert = {
  task: {
    priority: 'Priority', due: 'Due', dueIn: 'in {{span}}', overdueBy: 'overdue by {{span}}', from: 'From', ai: 'AI', state: 'State', holder: 'Read by', me: 'me', do: 'Action',
    claim: 'Take', continue: 'Go on reading', view: 'View', release: 'Give back', onlyMine: 'Only mine', open: 'Open ones', empty: 'Nothing to read.',
  },
  taskState: { unassigned: 'Unassigned', claimed: 'Taken', drafting: 'Drafting', awaiting_second: 'Awaits second reader', signed: 'Signed', amended: 'With addendum' },
  ai: { completed: 'AI has read', skipped: 'No AI', failed: 'AI failed', pending: 'AI pending' },
  read: {
    newImages: 'New images came after signing: look at them and write an addendum.',
    title: 'Reading', pictures: 'Pictures', report: 'Report', findings: 'Findings', noFindings: 'AI proposes nothing here.', free: 'Nobody reads this exam yet.',
    heldBy: '{{name}} reads this until {{until}}.', leaseLost: 'You no longer hold this exam', leaseLostNext: 'Somebody else took it over. Your last saved draft stays; take it again to go on.',
    offered: 'AI finished after you began. Findings: {{count}}', offerAccept: 'Add them to the draft', offerDismiss: 'Dismiss', undecided: 'Findings still to be decided before signing: {{count}}',
    reload: 'Load what is stored', insert: 'Write the decided findings into the description',
    viewsNow: 'The description names other views than those that stand now: {{views}}', noViews: 'The description names views, and none stands now.',
  },
  second: {
    claim: 'Take as second reader', firstReader: 'first: {{name}}', firstBy: 'First reading: {{name}}, {{at}}', showFirst: 'What the first reader signed',
    free: 'It was read once; a second expert is to read it.', hint: 'Look at the pictures, then agree with the first reading or change it. Your signature makes the report.',
    opinion: 'Your opinion', agree: 'I agree', change: 'I change it', signFirst: 'Sign as first reader', passedOn: 'Signed; a second expert reads it now',
    waiting: 'You signed this exam first', waitingNext: 'Another expert reads it now; the report goes out with the second signature.',
  },
  finding: {
    where: 'Image {{image}}, frame {{frame}}',
    accept: 'Accept', correct: 'Correct', reject: 'Reject', certainty: '{{percent}} % sure', outlineCertainty: 'outline {{percent}} % sure', weeks: '{{weeks}} w {{days}} d', correctedValue: 'Corrected value of {{label}}', days: 'days', unit: '{{unit}}',
    investigational: 'Investigational', needsValue: 'Type the corrected value first.',
    correctedAnswer: 'Corrected answer of {{label}}', otherAnswer: 'The answer in your own words', withdraw: 'Back to AI’s', needsAnswer: 'Choose the right answer, or write it in your own words.',
  },
  hints: {
    investigational: 'Investigational: this AI is under clinical trial and not approved for clinical use. Check each of its results yourself.',
    title: 'What AI sees in the images: {{count}}', image: 'Image {{image}}', frames: 'frames {{first}}–{{last}}', frame: 'frame {{frame}}',
    correct: 'Correct: {{what}}', unjudged: 'Cannot be judged: {{what}}', silentFrames: ' ({{count}} frames)', separator: ', ',
    because: '{{what}} ({{why}})', unreadable: 'AI cannot read image {{images}}: look there yourself.',
    failed: 'The AI model {{model}} failed on this exam, its results are missing', failedWhole: 'AI failed on this exam, its results are missing',
    contradiction: 'The exam says {{part}}, image {{images}} shows: {{view}}. AI read what is shown.',
  },
  findingState: { proposed: 'Proposed', accepted: 'Accepted', corrected: 'Corrected', rejected: 'Rejected' },
  saveState: { saved: 'Draft saved', changed: 'Changed', saving: 'Saving …', failed: 'Not saved' },
  report: {
    criticalShort: 'Critical',
    none: 'There is no report yet.', version: 'Version {{version}}', download: 'Download {{what}}', description: 'Description', impression: 'Impression',
    recommendation: 'Recommendation', critical: 'Critical result: the clinic must be told at once',
    attestation: 'I have looked at the images myself and answer for this report.', sign: 'Sign the report', signedNow: 'Signed', signedVersion: 'Signed, version {{version}}',
    versions: 'Versions', versionLine: 'Version {{version}}: {{at}} {{by}}', addendum: 'Write an addendum',
    addendumHint: 'The signed report stays as it is; this becomes the next version.', signAddendum: 'Sign the addendum',
  },
  viewer: {
    tools: 'Tools', window: 'Window (W)', zoom: 'Zoom (Z)', pan: 'Pan (P)', length: 'Length (L)', ellipse: 'Ellipse (E)', reset: 'Reset (R)', overlay: 'Contours (O)',
    picture: 'Image {{number}}, frame {{frame}}', play: 'Play (space)', pause: 'Pause (space)', previousFrame: 'Previous frame', nextFrame: 'Next frame', frame: 'Frame',
    frameOf: '{{frame}} / {{frames}}', loading: '{{loaded}} of {{frames}} frames loaded.', dropped: 'Frames dropped to keep real time: {{count}}.',
    noTiming: 'The file gives no frame rate: shown at 15 frames a second.', images: 'Images of the study', keys: 'Keys (?)', space: 'Space',
  },
  keys: {
    play: 'Play, pause', previousFrame: 'Previous frame', nextFrame: 'Next frame', previousImage: 'Previous image', nextImage: 'Next image', window: 'Window', zoom: 'Zoom',
    pan: 'Pan', length: 'Measure a length', ellipse: 'Measure an ellipse', overlay: 'Contours on or off', reset: 'Reset the view', delete: 'Remove a measurement', help: 'This list',
  },
  measure: {
    list: 'Measurements', hint: 'Measure with length (L) or ellipse (E); values stand here.', remove: 'Remove the measurement', length: 'Length', ellipse: 'Ellipse', circumference: 'circumference {{value}}', axes: 'axes {{long}} × {{short}}', area: 'area {{value}}',
  },
  measureRefusal: {
    outside: 'No length: a point lies outside the image', noRegion: 'No length: the points lie in no single calibrated region', notImage: 'No length: this region is no two-dimensional image',
    notLength: 'No length: this region is not calibrated in centimetres', disagree: 'No length: overlapping regions disagree', detector: 'No length: the spacing is the detector’s, not the patient’s',
    none: 'No length: the image is not calibrated',
  },
}

// Notices: what the library tells the person who runs an app, on standard error. Nothing else of src/supervisor writes there.
// Promises: one line a notice, marked as Millrace's; a standard error that is closed or broken never fails the app.
// Relies on: console.error ignores errors of its stream.

/** Tells one thing: a sentence that names what it is about and the remedy, without a full stop. */
export function notice(text: string): void {
  console.error(`millrace: ${text.replaceAll('\n', ' ')}`);
}

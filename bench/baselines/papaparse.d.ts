// What the csv suite uses of papaparse, which comes without types.
declare module 'papaparse' {
  interface Settings {
    /** Cuts lines at delimiters and nothing else: for text without quotes. */
    fastMode?: boolean;
    delimiter?: string;
    newline?: string;
    skipEmptyLines?: boolean;
    /** Called with each record. */
    step?: (result: { data: string[] }) => void;
  }
  const Papa: { parse(text: string, settings: Settings): unknown };
  export default Papa;
}

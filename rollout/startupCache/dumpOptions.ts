/**
 * Options that an archive of classes depends on. Others might do harm to the application that runs beside: `-Xlog:gc:file=…`
 * would rotate its log, and `-XX:+AlwaysPreTouch` would take its memory.
 */
const MATTERS =
  /^(-Xmx|-XX:(MaxHeapSize|MaxRAM\w*|ObjectAlignmentInBytes)=|-XX:[+-](Use|Unlock)\w+|--enable-preview$|--(add-modules|module-path|add-opens|add-exports|add-reads|enable-native-access)=)/;

/** The options of an application that making an archive of its classes needs, too. */
export function dumpOptions(jvmOptions: readonly string[]): string[] {
  return jvmOptions.filter((option) => MATTERS.test(option));
}

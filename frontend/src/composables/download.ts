/** Characters that some file system refuses in names. */
const UNFIT = /[\\/:*?"<>|\p{Cc}]+/gu

/** Have the browser save a file. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name.replace(UNFIT, '_')
  link.click()
  URL.revokeObjectURL(address)
}

export function saveJson(name: string, value: unknown): void {
  saveFile(name, new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }))
}

import type { Started, Subject } from './subject.ts'

/** Peta as it is measured, and how long it took from starting the process to the first governed call. */
export type PetaUnderTest = Readonly<{ subject: Subject; startMs: number }>

/** Undefined until Core can be started and seeded from outside. */
export async function startPeta(_echo: Started): Promise<PetaUnderTest | undefined> {
  return undefined
}

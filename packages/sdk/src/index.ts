export { createPeta, type CallInput, type Peta, type PetaOptions } from './peta.ts'
export { everyPage } from './every-page.ts'
export { PetaError } from './peta-error.ts'

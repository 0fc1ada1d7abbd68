import fc from 'fast-check'
import { expect, it } from 'vitest'

import { classifyAddress } from './address.ts'
import { parseDestination } from './destination.ts'

it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111'])(
  'takes %s for public',
  (address) => {
    expect(classifyAddress(address)).toBe('public')
  },
)

it.each(['127.0.0.1', '127.255.255.254', '::1'])('takes %s for loopback', (address) => {
  expect(classifyAddress(address)).toBe('loopback')
})

it.each([
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.170',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '100::1',
  'localhost',
  '127.1',
  '',
])('refuses %s (SEC-40)', (address) => {
  expect(classifyAddress(address)).toBe('refused')
})

it('refuses every IPv4 address in its mapped and translated forms, whatever it is (SEC-40)', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(classifyAddress(`::ffff:${address}`)).toBe('refused')
      expect(classifyAddress(`64:ff9b::${address}`)).toBe('refused')
    }),
  )
})

it.each([
  'https://2852039166/',
  'https://0xA9FEA9FE/',
  'https://0251.0376.0251.0376/',
  'https://169.254.43518/',
  'https://169.254.169.254./',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[64:ff9b::169.254.169.254]/',
  'https://[fd00:ec2::254]/',
  'https://１６９.254.169.254/',
])('refuses the metadata address spelled as %s (A-04, SEC-40)', (url) => {
  expect(() => parseDestination({ url, allowLoopback: false })).toThrow(
    expect.objectContaining({ code: 'egress_refused' }),
  )
  expect(() => parseDestination({ url, allowLoopback: true })).toThrow(
    expect.objectContaining({ code: 'egress_refused' }),
  )
})

it.each([
  ['http://example.com/', false],
  ['http://127.0.0.1/', false],
  ['https://127.0.0.1/', false],
  ['https://[::1]/', false],
  ['https://user@example.com/', false],
  ['https://:secret@example.com/', false],
  ['https://example.com/#part', false],
  ['ftp://example.com/', false],
  ['file:///etc/passwd', false],
  ['not a url', false],
  ['http://93.184.216.34/', true],
  ['http://10.0.0.1/', true],
])('refuses %s with loopback %s (SEC-40)', (url, allowLoopback) => {
  expect(() => parseDestination({ url, allowLoopback })).toThrow(
    expect.objectContaining({ code: 'egress_refused' }),
  )
})

it('allows https anywhere public, and http on loopback where an administrator said so', () => {
  expect(parseDestination({ url: 'https://example.com/mcp', allowLoopback: false }).href).toBe(
    'https://example.com/mcp',
  )
  expect(parseDestination({ url: 'http://127.0.0.1:8080/mcp', allowLoopback: true }).port).toBe(
    '8080',
  )
})

// The same signed request at a constant arrival rate, sent by k6: a second opinion on the median.
import http from 'k6/http';
import crypto from 'k6/crypto';

const seconds = Number(__ENV.SECONDS);
export const options = {
  insecureSkipTLSVerify: false,
  summaryTrendStats: ['med', 'p(99)', 'count'],
  scenarios: {
    plan: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE), timeUnit: '1s', duration: `${seconds}s`,
      preAllocatedVUs: 40, maxVUs: 400,
    },
  },
};

const EMPTY = crypto.sha256('', 'hex');
const authority = __ENV.URL.split('://')[1];
const query = `SecretName=${__ENV.SECRET}`;

export default function () {
  const date = new Date().toISOString().slice(0, 19) + 'Z';
  const nonce = crypto.hexEncode(crypto.randomBytes(16));
  const headers = {
    'x-acs-action': 'GetSecretValue',
    'x-acs-content-sha256': EMPTY,
    'x-acs-date': date,
    'x-acs-signature-nonce': nonce,
    'x-acs-version': '2016-01-20',
  };
  const names = ['host', ...Object.keys(headers)];
  const lines = names.map((n) => `${n}:${n === 'host' ? authority : headers[n]}\n`).join('');
  const canonical = `POST\n/\n${query}\n${lines}\n${names.join(';')}\n${EMPTY}`;
  const text = `ACS3-HMAC-SHA256\n${crypto.sha256(canonical, 'hex')}`;
  const signature = crypto.hmac('sha256', __ENV.KEY_SECRET, text, 'hex');
  headers.Authorization = `ACS3-HMAC-SHA256 Credential=${__ENV.KEY_ID},` +
    `SignedHeaders=${names.join(';')},Signature=${signature}`;
  const answer = http.post(`${__ENV.URL}/?${query}`, null, { headers });
  if (answer.status !== 200) throw new Error(`status ${answer.status} ${answer.body}`);
}

// What an organisation brings along: certificates, keys and storage in its cloud, identity providers.

import { OpenAI, all, every } from '../walk.mjs';

const role_arn = 'arn:aws:iam::123456789012:role/ours';
const kms_arn = 'arn:aws:kms:us-east-1:123456789012:key/abc';
const AWS = { name: 'mine', type: 'aws', external_id: 'org-antiphon', kms_arn, role_arn };
const OIDC = { type: 'oidc', name: 'ci', issuer: 'https://ci.example.com', audience: 'antiphon' };

export default async function (t) {
  const org = t.client.admin.organization;
  const project_id = (await org.projects.create({ name: 'External' })).id;
  await certificates(t, org, project_id);
  const keys = org.externalKeys;
  const made = [await keys.create(AWS), await keys.create({ ...AWS, kms_arn: 'nothing' })];
  const states = [];
  for (const { id } of made) states.push((await keys.validate(id)).status);
  t.same(states, ['valid', 'invalid']);
  t.same((await keys.retrieve(made[0].id)).purpose, 'ekm');
  t.same((await all(keys.list({ limit: 1 }))).length, 2);
  for (const { id } of made) t.same((await keys.delete(id)).id, id);
  const place = { project_id, provider: { type: 'aws', bucket: 'b', role_arn } };
  const storage = await org.externalStorage.create(place);
  t.same([storage.status, (await org.externalStorage.validate(storage.id)).status], ['pending', 'validated']);
  t.same((await org.externalStorage.retrieve(storage.id)).status, 'validated');
  t.same(await every('id', org.externalStorage.list({ project_id })), [storage.id]);
  await t.refused(OpenAI.BadRequestError, () => org.externalStorage.create(place));
  t.same((await org.externalStorage.delete(storage.id)).deleted, true);
  await t.gone(() => keys.retrieve(made[0].id), () => org.externalStorage.retrieve(storage.id));
  await identity(t, org, project_id);
}

async function certificates(t, org, project_id) {
  const made = await org.certificates.create({ certificate: CERTIFICATE, name: 'mine' });
  const shown = await org.certificates.retrieve(made.id, { include: ['content'] });
  t.same(shown.certificate_details.content, CERTIFICATE);
  t.same((await org.certificates.update(made.id, { name: 'ours' })).name, 'ours');
  const certificate_ids = [made.id];
  for (const [switches, ...where] of [[org.certificates], [org.projects.certificates, project_id]]) {
    t.same(await every('active', switches.activate(...where, { certificate_ids })), [true]);
    t.same(await every('active', switches.list(...where)), [true]);
    await t.refused(OpenAI.BadRequestError, () => org.certificates.delete(made.id));
    t.same(await every('active', switches.deactivate(...where, { certificate_ids })), [false]);
  }
  t.same((await org.certificates.delete(made.id)).id, made.id);
  await t.gone(() => org.certificates.retrieve(made.id));
  await t.refused(OpenAI.BadRequestError, () => org.certificates.create({ certificate: 'nothing' }));
}

async function identity(t, org, project_id) {
  const providers = org.workloadIdentityProviders;
  const rules = providers.federationRules;
  const made = await providers.create(OIDC);
  t.same((await providers.update(made.id, { enabled: false })).enabled, false);
  t.same([(await providers.retrieve(made.id)).issuer, await every('id', providers.list())], [OIDC.issuer, [made.id]]);
  const service_account_id = (await org.projects.serviceAccounts.create(project_id, { name: 'r' })).id;
  const rule = await rules.create(made.id, { project_id, service_account_id, attribute_matchers: { sub: 'repo:a' } });
  const at = { workload_identity_provider_id: made.id };
  t.same((await rules.update(rule.id, { ...at, name: 'n' })).name, 'n');
  t.same([(await rules.retrieve(rule.id, at)).name, await every('id', rules.list(made.id))], ['n', [rule.id]]);
  await t.refused(OpenAI.ConflictError, () => providers.delete(made.id));
  t.same((await rules.delete(rule.id, at)).deleted, true);
  t.same((await providers.delete(made.id)).deleted, true);
  await t.gone(() => providers.retrieve(made.id));
}

/** Of nobody: its private key was never kept. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBDDCBs6ADAgECAgEHMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRvdXIwIBcN
MjQwMTAxMDAwMDAwWhgPMjEyMzEyMDgwMDAwMDBaMA8xDTALBgNVBAMMBHRvdXIw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQvRMdY40yim4i1xFAqtK6MK3VUCncv
wp1qn/8NYiVLxan5KSibLjnBgN7WpQi4ih9iqz2to5IXa4yDITe4yLVjMAoGCCqG
SM49BAMCA0gAMEUCID7rciOpRXRXzzbnrJzOqAmEwerBrF/FRr/gURkZ8BkDAiEA
uqZQQuLFMOI2YKz5OQEipalYpvyVaH/A4Z73wzZbSvE=
-----END CERTIFICATE-----
`;

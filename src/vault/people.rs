//! People, their keys and their templates.

use super::{
    Draft, Urgency, Vault, VaultError,
    codec::{TemplateHead, Tree, Write, record_error},
};
use crate::{
    crypto::{KEY_ID_PERSON, OpenError, SealKey, Secret, random_person_id, random_template_id},
    domain::{
        Actor, AuditAction, Consent, EMBEDDING_LEN, Embedding, Moment, Person, PersonId, PersonName,
        TemplateId, WeightsId,
    },
};
use jiff::Timestamp;
use std::collections::HashMap;
use zeroize::Zeroizing;

/// A template to be stored.
#[derive(Clone)]
pub struct NewTemplate {
    /// The face.
    pub embedding: Embedding,
    /// What made it.
    pub weights: WeightsId,
    /// Score of the shot, 0 to 1.
    pub quality: f32,
}

/// A stored template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Random id.
    pub id: TemplateId,
    /// Whose.
    pub person: PersonId,
    /// What made it.
    pub weights: WeightsId,
    /// Score of the shot, 0 to 1.
    pub quality: f32,
    /// When it was stored.
    pub created: Timestamp,
    /// The face.
    pub embedding: Embedding,
}

/// What is known about a template, without the face.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateInfo {
    /// Random id.
    pub id: TemplateId,
    /// What made it.
    pub weights: WeightsId,
    /// Score of the shot, 0 to 1.
    pub quality: f32,
    /// When it was stored.
    pub created: Timestamp,
}

/// People.
impl Vault {
    /// Everybody, by id.
    pub fn people(&self) -> Result<Vec<Person>, VaultError> {
        let mut people = Vec::new();
        self.engine.for_each(Tree::People, |key, sealed| {
            people.push(self.seals.get(Tree::People, key, sealed)?);
            Ok(())
        })?;
        Ok(people)
    }

    /// One person.
    pub fn person(&self, id: PersonId) -> Result<Person, VaultError> {
        match self.engine.get(Tree::People, id.as_bytes())? {
            Some(sealed) => self.seals.get(Tree::People, id.as_bytes(), &sealed),
            None => Err(VaultError::NoSuchPerson),
        }
    }

    /// Who has this badge.
    #[must_use]
    pub fn person_by_badge(&self, badge: &str) -> Option<PersonId> {
        self.badges.get(badge.trim()).copied()
    }

    /// Adds somebody, without a face yet. An empty badge is none.
    pub fn add_person(
        &mut self,
        actor: Actor,
        name: PersonName,
        badge: Option<String>,
        now: Moment,
    ) -> Result<Person, VaultError> {
        let id = random_person_id()?;
        let person = Person { id, name, badge: tidy(badge), active: true, created: now.utc, consent: None };
        self.put_person(actor, &person, AuditAction::PersonAdded(id), now)?;
        Ok(person)
    }

    /// Replaces a person's data; the id says whose.
    pub fn update_person(&mut self, actor: Actor, mut person: Person, now: Moment) -> Result<(), VaultError> {
        self.person(person.id)?;
        person.badge = tidy(person.badge);
        self.put_person(actor, &person, AuditAction::PersonChanged(person.id), now)
    }

    /// Erases somebody: record, templates and the key that sealed them, from every file of the store. Events keep the
    /// random id and nothing else. Blocks while checkpoint and working copy are written anew (0.5 s at 40,000 records
    /// on two cores). [`VaultError::ErasurePending`] means: gone from the records, but old files are still there.
    pub fn erase_person(&mut self, actor: Actor, id: PersonId, now: Moment) -> Result<(), VaultError> {
        self.person(id)?;
        let mut draft = self.draft(now)?;
        for tree in [Tree::People, Tree::PersonKeys, Tree::PersonPins, Tree::Attempts] {
            draft.writes.push(Write { tree, key: id.as_bytes().to_vec(), value: None });
        }
        self.draft_template_removal(&mut draft, id)?;
        self.log(&mut draft, actor, AuditAction::PersonErased, now)?;
        self.commit(draft, Urgency::MustSucceed)?;
        self.badges.retain(|_, owner| *owner != id);
        self.engine.purge().map_err(|e| VaultError::ErasurePending(Box::new(e)))
    }

    /// Takes back a person's consent: the templates and the key that sealed them are destroyed as by
    /// [`Vault::erase_person`], the person stays and can use a PIN. Returns how many templates there were.
    pub fn withdraw_consent(&mut self, actor: Actor, id: PersonId, now: Moment) -> Result<u32, VaultError> {
        let person = Person { consent: None, ..self.person(id)? };
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::People, id.as_bytes(), &person)?);
        draft.writes.push(Write { tree: Tree::PersonKeys, key: id.as_bytes().to_vec(), value: None });
        let templates = self.draft_template_removal(&mut draft, id)?;
        self.log(&mut draft, actor, AuditAction::ConsentWithdrawn(id, templates), now)?;
        self.commit(draft, Urgency::MustSucceed)?;
        self.engine.purge().map_err(|e| VaultError::ErasurePending(Box::new(e)))?;
        Ok(templates)
    }

    fn put_person(
        &mut self,
        actor: Actor,
        person: &Person,
        action: AuditAction,
        now: Moment,
    ) -> Result<(), VaultError> {
        self.check_badge(person)?;
        let mut draft = self.draft(now)?;
        draft.writes.push(self.seals.put(Tree::People, person.id.as_bytes(), person)?);
        self.log(&mut draft, actor, action, now)?;
        self.commit(draft, Urgency::Normal)?;
        self.index_badge(person);
        Ok(())
    }

    fn check_badge(&self, person: &Person) -> Result<(), VaultError> {
        match person.badge.as_ref().and_then(|badge| self.badges.get(badge)) {
            Some(owner) if *owner != person.id => Err(VaultError::BadgeTaken),
            _ => Ok(()),
        }
    }

    pub(super) fn index_badge(&mut self, person: &Person) {
        self.badges.retain(|_, owner| *owner != person.id);
        if let Some(badge) = &person.badge {
            self.badges.insert(badge.clone(), person.id);
        }
    }
}

/// Faces.
impl Vault {
    /// Stores templates under the person's own key, with the consent that allows it. `replace`: the older ones go.
    pub fn enrol(
        &mut self,
        actor: Actor,
        id: PersonId,
        consent: Consent,
        templates: &[NewTemplate],
        replace: bool,
        now: Moment,
    ) -> Result<Vec<TemplateId>, VaultError> {
        let person = Person { consent: Some(consent), ..self.person(id)? };
        let mut draft = self.draft(now)?;
        let key = match self.person_key(id)? {
            Some(key) => key,
            None => self.draft_person_key(&mut draft, id)?,
        };
        if replace {
            self.draft_template_removal(&mut draft, id)?;
        }
        let mut ids = Vec::with_capacity(templates.len());
        for template in templates {
            let template_id = random_template_id()?;
            draft.writes.push(seal_template(&key, id, template_id, template, now.utc)?);
            ids.push(template_id);
        }
        draft.writes.push(self.seals.put(Tree::People, id.as_bytes(), &person)?);
        self.log(&mut draft, actor, AuditAction::Enrolled(id, templates.len() as u32), now)?;
        self.commit(draft, Urgency::Normal)?;
        Ok(ids)
    }

    /// Every template that these weights made, of active and inactive people. Meant to be called once, at start:
    /// what it returns is all faces in the clear.
    pub fn templates(&self, weights: &WeightsId) -> Result<Vec<Template>, VaultError> {
        let mut keys: HashMap<PersonId, SealKey> = HashMap::new();
        let mut templates = Vec::new();
        self.engine.for_each(Tree::PersonKeys, |key, sealed| {
            let id = key.try_into().map(PersonId::from_bytes).map_err(|_| unreadable(Tree::PersonKeys))?;
            keys.insert(id, self.open_person_key(key, sealed)?);
            Ok(())
        })?;
        self.engine.for_each(Tree::Templates, |key, sealed| {
            let (person, _) = split_template_key(key)?;
            let seal = keys.get(&person).ok_or_else(|| unreadable(Tree::Templates))?;
            let template = open_template(seal, key, sealed)?;
            if template.weights == *weights {
                templates.push(template);
            }
            Ok(())
        })?;
        Ok(templates)
    }

    /// How many templates somebody has, of any weights.
    pub fn template_count(&self, id: PersonId) -> Result<usize, VaultError> {
        Ok(self.template_keys(id)?.len())
    }

    /// What is known about a person's templates, of any weights.
    pub fn template_infos(&self, id: PersonId) -> Result<Vec<TemplateInfo>, VaultError> {
        let Some(seal) = self.person_key(id)? else { return Ok(vec![]) };
        let mut infos = Vec::new();
        self.engine.for_each_from(Tree::Templates, id.as_bytes(), |key, sealed| {
            if !key.starts_with(id.as_bytes()) {
                return Ok(false);
            }
            let Template { id, weights, quality, created, .. } = open_template(&seal, key, sealed)?;
            infos.push(TemplateInfo { id, weights, quality, created });
            Ok(true)
        })?;
        Ok(infos)
    }

    fn template_keys(&self, id: PersonId) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut keys = Vec::new();
        self.engine.for_each_from(Tree::Templates, id.as_bytes(), |key, _| {
            let theirs = key.starts_with(id.as_bytes());
            if theirs {
                keys.push(key.to_vec());
            }
            Ok(theirs)
        })?;
        Ok(keys)
    }

    pub(super) fn draft_template_removal(&self, draft: &mut Draft, id: PersonId) -> Result<u32, VaultError> {
        let removed = self.template_keys(id)?;
        let count = removed.len() as u32;
        draft.writes.extend(removed.into_iter().map(|key| Write { tree: Tree::Templates, key, value: None }));
        Ok(count)
    }

    fn draft_person_key(&self, draft: &mut Draft, id: PersonId) -> Result<SealKey, VaultError> {
        let secret = Secret::random()?;
        draft.writes.push(self.seals.put_bytes(Tree::PersonKeys, id.as_bytes(), secret.expose())?);
        Ok(SealKey::new(&secret, KEY_ID_PERSON))
    }

    fn person_key(&self, id: PersonId) -> Result<Option<SealKey>, VaultError> {
        let sealed = self.engine.get(Tree::PersonKeys, id.as_bytes())?;
        sealed.map(|sealed| self.open_person_key(id.as_bytes(), &sealed)).transpose()
    }

    pub(super) fn open_person_key(&self, key: &[u8], sealed: &[u8]) -> Result<SealKey, VaultError> {
        let plain = self.seals.get_bytes(Tree::PersonKeys, key, sealed)?;
        let secret = Secret::from_slice(&plain).ok_or_else(|| unreadable(Tree::PersonKeys))?;
        Ok(SealKey::new(&secret, KEY_ID_PERSON))
    }
}

fn tidy(badge: Option<String>) -> Option<String> {
    badge.map(|badge| badge.trim().to_owned()).filter(|badge| !badge.is_empty())
}

fn unreadable(tree: Tree) -> VaultError {
    record_error(tree)(OpenError::Content)
}

fn split_template_key(key: &[u8]) -> Result<(PersonId, TemplateId), VaultError> {
    let (person, template) = key.split_first_chunk::<16>().ok_or_else(|| unreadable(Tree::Templates))?;
    let template = template.try_into().map_err(|_| unreadable(Tree::Templates))?;
    Ok((PersonId::from_bytes(*person), TemplateId::from_bytes(template)))
}

fn seal_template(
    key: &SealKey,
    person: PersonId,
    id: TemplateId,
    new: &NewTemplate,
    created: Timestamp,
) -> Result<Write, VaultError> {
    let NewTemplate { embedding, weights, quality } = new;
    let (embedding, weights, quality) = (embedding.clone(), weights.clone(), *quality);
    seal_template_as(key, &Template { id, person, weights, quality, created, embedding })
}

pub(super) fn seal_template_as(key: &SealKey, template: &Template) -> Result<Write, VaultError> {
    let Template { id, person, weights, quality, created, embedding } = template;
    let record_key = [&person.as_bytes()[..], id.as_bytes()].concat();
    let head = TemplateHead { weights: weights.clone(), quality: *quality, created: *created };
    let head = postcard::to_allocvec(&head).map_err(|_| VaultError::TooLong(usize::MAX))?;
    let mut plain = Zeroizing::new(Vec::with_capacity(head.len() + 4 * EMBEDDING_LEN));
    plain.extend_from_slice(&head);
    for value in embedding.as_slice() {
        plain.extend_from_slice(&value.to_le_bytes());
    }
    let value = key.seal(Tree::Templates.name(), &record_key, &plain)?;
    Ok(Write { tree: Tree::Templates, key: record_key, value: Some(value) })
}

pub(super) fn open_template(seal: &SealKey, key: &[u8], sealed: &[u8]) -> Result<Template, VaultError> {
    let (person, id) = split_template_key(key)?;
    let plain = seal.open(Tree::Templates.name(), key, sealed).map_err(record_error(Tree::Templates))?;
    let (head, numbers): (TemplateHead, _) =
        postcard::take_from_bytes(&plain).map_err(|_| unreadable(Tree::Templates))?;
    let (chunks, _) = numbers.as_chunks::<4>();
    let values: Zeroizing<Vec<f32>> = Zeroizing::new(chunks.iter().map(|c| f32::from_le_bytes(*c)).collect());
    let embedding = Embedding::from_unit(&values).map_err(|_| unreadable(Tree::Templates))?;
    let TemplateHead { weights, quality, created } = head;
    Ok(Template { id, person, weights, quality, created, embedding })
}

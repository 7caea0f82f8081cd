//! The networks that a host can choose from: what each is, and who must be enrolled again with it.
//!
//! Job: choosing weights for the next start, checked before they are saved. It must not know how a network runs; what
//! runs now goes on until then.

use super::{
    ledger::{Ledger, LedgerError},
    messages::{NetworkKind, NetworkRow},
};
use crate::{
    domain::{Fingerprint, Person, PersonId, WeightsId},
    matching,
    settings::Settings,
    vision::{Calibration, Kind, Manifest, WeightsError, WeightsStore, embedded, weights::Listed},
};
use std::collections::{HashMap, HashSet};

impl Ledger {
    /// Every detector and recogniser there is, built-in ones first.
    pub fn networks(&self) -> Result<Vec<NetworkRow>, LedgerError> {
        let store = WeightsStore::new(self.paths().weights());
        let with = self.templates_by_weights()?;
        let waiting = self.who_agreed()?;
        let left_out = |manifest: &Manifest| {
            let tag = self.vault().tag(&manifest.id, manifest.fingerprint())?;
            let have = with.get(&tag);
            let out = |person: &&Person| have.is_none_or(|have| !have.contains(&person.id));
            Ok::<_, LedgerError>(waiting.iter().filter(out).count())
        };
        let in_use = self.recogniser();
        let defaults = [Kind::Detector, Kind::Recogniser].map(embedded::default);
        let row = |Listed { id, embedded, manifest }: Listed| {
            let left_out = match &manifest {
                Ok(manifest) if manifest.kind == Kind::Recogniser => match left_out(manifest) {
                    Ok(count) => count,
                    Err(error) => return Some(Err(error)),
                },
                _ => 0,
            };
            let asks = manifest.as_ref().ok().filter(|_| id == *in_use).map(|manifest| {
                let people = self.people_known();
                (
                    people,
                    matching::Calibration::new(manifest.calibration_data())
                        .threshold_for(people, self.settings().fpir),
                )
            });
            let (kind, licence, measured, fault) = match manifest {
                Ok(manifest) => (kind(manifest.kind)?, manifest.licence.clone(), measured(&manifest), None),
                Err(error) => (NetworkKind::Unknown, String::new(), None, Some(error.to_string())),
            };
            let is_default = defaults.iter().flatten().any(|default| *default == id);
            Some(Ok(NetworkRow {
                id,
                kind,
                licence,
                measured,
                asks,
                left_out,
                built_in: embedded,
                is_default,
                fault,
            }))
        };
        let rows: Result<Vec<NetworkRow>, LedgerError> = store.list()?.into_iter().filter_map(row).collect();
        let mut rows = rows?;
        rows.sort_by_key(|row| (!row.is_default, !row.built_in, row.id.to_string()));
        Ok(rows)
    }

    /// People who agreed to be recognised and have no template of these weights: to be enrolled again.
    pub fn left_out(
        &self,
        recogniser: &WeightsId,
        fingerprint: Fingerprint,
    ) -> Result<Vec<Person>, LedgerError> {
        let tag = self.vault().tag(recogniser, fingerprint)?;
        let with = self.templates_by_weights()?.remove(&tag).unwrap_or_default();
        let mut people = self.who_agreed()?;
        people.retain(|person| !with.contains(&person.id));
        people.sort_by_key(|person| person.name.as_str().to_lowercase());
        Ok(people)
    }

    fn who_agreed(&self) -> Result<Vec<Person>, LedgerError> {
        let mut people = self.vault().people()?;
        people.retain(Person::expects_recognition);
        Ok(people)
    }

    fn templates_by_weights(&self) -> Result<HashMap<WeightsId, HashSet<PersonId>>, LedgerError> {
        let mut with: HashMap<WeightsId, HashSet<PersonId>> = HashMap::new();
        for person in self.vault().people()? {
            for template in self.vault().template_infos(person.id)? {
                with.entry(template.weights).or_default().insert(person.id);
            }
        }
        Ok(with)
    }
}

/// Puts weights into settings, once their file is found to be whole. Says what they are. The built-in ones are named by
/// nothing, so that an update may bring better ones.
pub fn choose(store: &WeightsStore, id: &WeightsId, settings: &mut Settings) -> Result<Kind, WeightsError> {
    let Manifest { kind, .. } = store.verify(id)?;
    let named = Some(id.clone()).filter(|_| embedded::default(kind).as_ref() != Some(id));
    match kind {
        Kind::Detector => settings.detector = named,
        Kind::Recogniser => settings.recogniser = named,
        Kind::Liveness => {} // used as soon as it is installed
    }
    Ok(kind)
}

/// Settings that name what was built into an earlier version mean what is built in now.
#[must_use]
pub fn without_former(store: &WeightsStore, mut settings: Settings) -> Settings {
    let gone = |id: &WeightsId| {
        let former = embedded::FORMER.contains(&id.as_str());
        former && matches!(store.manifest(id), Err(WeightsError::Unknown { .. }))
    };
    for named in [&mut settings.detector, &mut settings.recogniser] {
        if let Some(id) = named.take_if(|id| gone(id)) {
            log::warn!(
                "the settings name {id}, which an earlier version had built in: what is built in now is used"
            );
        }
    }
    settings
}

/// Refuses settings that name other weights than before which cannot be loaded: the next start would fail.
pub(super) fn check(store: &WeightsStore, before: &Settings, new: &Settings) -> Result<(), WeightsError> {
    let named = [
        (&before.detector, &new.detector, Kind::Detector),
        (&before.recogniser, &new.recogniser, Kind::Recogniser),
    ];
    for (before, new, wanted) in named {
        let Some(id) = new.as_ref().filter(|_| before != new) else { continue };
        let found = store.verify(id)?.kind;
        if found != wanted {
            return Err(WeightsError::Kind { id: id.to_string(), found, wanted });
        }
    }
    Ok(())
}

fn kind(kind: Kind) -> Option<NetworkKind> {
    match kind {
        Kind::Detector => Some(NetworkKind::Detector),
        Kind::Recogniser => Some(NetworkKind::Recogniser),
        Kind::Liveness => None,
    }
}

/// Share of strangers taken for somebody, and among how many people.
fn measured(manifest: &Manifest) -> Option<(f32, u32)> {
    match &manifest.calibration {
        Some(Calibration::Recogniser(data)) if data.is_measured() => Some((data.fpir, data.enrolled)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_named_by_nothing() {
        let store = WeightsStore::embedded();
        let mut settings = Settings::for_site("Here");
        for kind in [Kind::Detector, Kind::Recogniser] {
            let id = embedded::default(kind).unwrap();
            (settings.detector, settings.recogniser) = (Some(id.clone()), Some(id.clone()));
            assert_eq!(choose(&store, &id, &mut settings).unwrap(), kind);
            let named = if kind == Kind::Detector { &settings.detector } else { &settings.recogniser };
            assert_eq!(*named, None, "{id}");
        }
    }

    #[test]
    fn settings_of_an_earlier_version_start_with_what_is_built_in_now() {
        let store = WeightsStore::embedded();
        let mut settings = Settings::for_site("Here");
        settings.detector = Some(WeightsId::new("scrfd-500m").unwrap());
        settings.recogniser = Some(WeightsId::new(embedded::FORMER[1]).unwrap());
        let now = without_former(&store, settings.clone());
        assert_eq!((now.detector, now.recogniser), (settings.detector, None));
    }
}

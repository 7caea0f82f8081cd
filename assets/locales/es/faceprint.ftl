# Every word on the screen. Ids begin with the screen that says them. Sentence case; sentences end with a full stop.

## Used on many screens
button-back = Atrás
button-next = Siguiente
button-cancel = Cancelar
button-close = Cerrar
button-done = Listo
button-stop = Detener
button-working = Un momento…
work-progress = { $done } de { $total }
kind-in = Entrada
kind-out = Salida
kind-break = Pausa
kind-back = Regreso
weekday-short = { $weekday ->
        [1] lu
        [2] ma
        [3] mi
        [4] ju
        [5] vi
        [6] sá
       *[7] do
    }
date-long = { $weekday ->
        [1] lunes
        [2] martes
        [3] miércoles
        [4] jueves
        [5] viernes
        [6] sábado
       *[7] domingo
    }, { $day } de { $month ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    } de { $year }
workers-busy = el terminal está ocupado: inténtelo de nuevo en un momento
keyboard-shift = Mayúsculas
keyboard-backspace = Borrar la letra anterior
keyboard-enter = Intro
keyboard-space = Espacio
keyboard-letters = Letras
keyboard-figures = Cifras y signos
keyboard-accents = Letras con acento
keyboard-close = Cerrar el teclado

## Camera
camera-picture = Imagen de la cámara
camera-opening = Iniciando la cámara…
camera-retry = Nuevo intento en { $wait }.
camera-mode = { $name }, { $width }×{ $height }, { $format }
camera-mode-rate = { $name }, { $width }×{ $height }, { $format }, { $rate } imágenes/s
camera-pictures = Carpeta de imágenes
camera-network = Cámara de red
camera-missing = No se encontró ninguna cámara.
camera-missing-help = Conéctela o elija otra en los ajustes.
camera-busy = Otro programa está usando la cámara.
camera-busy-help = Cierre ese programa.
camera-unplugged = La cámara se desconectó.
camera-unplugged-help = Revise el cable.
camera-frozen = La cámara ya no envía imágenes.
camera-frozen-help = Si continúa así, desconéctela y vuelva a conectarla.
camera-denied = No se permite usar la cámara.
camera-denied-help = Permita que este usuario la abra (en Linux: el grupo «video»).
camera-ended = La grabación ha terminado.
camera-ended-help = Elija otra cámara en los ajustes.
camera-failed = La cámara no funciona.
camera-failed-help = El diagnóstico y el registro dicen más.

## For everybody
attendee-host-mode = Gestión
attendee-opening = Un momento, por favor
attendee-no-picture = La cámara no está disponible
attendee-ready = Mire a la cámara
attendee-reading = Un momento…
attendee-recognised = Gracias
attendee-unknown = No reconocido. Use ID y PIN o consulte al gestor
attendee-refused = Muestre su cara, no una imagen
attendee-welcome = Bienvenidos
attendee-welcome-text = Póngase ante la cámara y mírela, o use su ID y su PIN. Ambos valen lo mismo.
attendee-use-pin = Usar ID y PIN
lamp-camera = Cámara
lamp-storage = Disco
lamp-clock = Reloj
lamp-well = en orden
lamp-notice = por revisar
lamp-alarm = fallo
lamp-spoken = { $what }: { $state }
saver-hint = Acérquese o toque la pantalla
advice-closer = Acérquese, por favor
advice-middle = Póngase en el centro
advice-turn = Gire hacia la cámara
advice-upright = Mantenga la cabeza recta
advice-dark = Aquí está demasiado oscuro
advice-bright = Hay demasiada luz sobre usted o detrás
advice-still = No se mueva, por favor
card-checked-in = Entrada a las { $time }
card-checked-out = Salida a las { $time }
card-break-began = Pausa desde las { $time }
card-back = De vuelta a las { $time }
card-already-in = Ya entró a las { $time }
card-already-out = Ya salió a las { $time }
card-already-break = Ya en pausa desde las { $time }
card-already-back = Ya volvió a las { $time }
card-in-or-out = ¿Entrada o salida?
card-today = Hoy { $hours } h
card-not-me = No soy yo
card-struck-out = Retirado
card-struck-out-text = El fichaje ya no cuenta.
card-face-renewed = Reconocido de nuevo por el rostro
card-not-recorded = No se registró nada

## ID and PIN
badge-title = Su ID o número de tarjeta
badge-pin-title = Su PIN
badge-of = ID { $badge }
badge-typed = Escrito: { $badge }
badge-letters = ABC
badge-digits = 123
badge-delete = Borrar el último carácter
badge-next = Siguiente
badge-done = Listo
badge-wrong = { $tries ->
        [one] El ID o el PIN es incorrecto. Queda un intento.
       *[other] El ID o el PIN es incorrecto. Quedan { $tries } intentos.
    }
badge-locked = Demasiados PIN incorrectos. Consulte al gestor.

## First start
first-language-title = Instalar este terminal
first-language-text = Elija el idioma de la pantalla. Se puede cambiar más tarde.
first-step = Paso { $step } de { $steps }
first-site-title = ¿Dónde está?
first-site-text = El nombre aparece en el terminal y en los informes. La zona horaria decide qué significa «08:00».
first-site-name = Nombre del lugar
first-site-hint = Por ejemplo: Entrada principal
first-site-rule = Dé al lugar un nombre de 80 caracteres como máximo.
first-zone = Zona horaria
first-zone-rule = La zona horaria es un nombre como Europe/Madrid o UTC.
first-zone-now = Allí son ahora las { $time }.
first-host-title = ¿Quién lo gestiona?
first-host-text = Un gestor añade personas, corrige fichajes y exporta informes. Solo los gestores abren la gestión, con su propio PIN.
first-host-name = Su nombre
first-host-rule = Escriba su nombre.
first-pin = PIN
first-pin-again = El mismo PIN otra vez
first-camera-title = Colocar la cámara
first-camera-text = A la altura de los ojos, a 1,6 m del suelo, con luz sobre las caras y sin ventanas detrás de las personas.
first-camera-advice = Póngase donde estarán las personas, a un metro más o menos. Su cara debe verse en la imagen.
first-camera-good = Desde aquí su cara se lee bien.
first-consent-title = Lo que se acepta
first-consent-text = Quien se registra ve primero este texto y tiene que aceptarlo. Adáptelo a su lugar; cada cambio es una versión nueva.
first-consent-rule = El texto tiene 4.000 caracteres como máximo.
first-finish = Terminar
pin-shape = De 6 a 12 cifras
pin-host-shape = De 6 a 12 cifras, o una frase de 12 a 64 caracteres
pin-guessable = Ninguno evidente, como 123456 o 111111
pin-again-same = Escrito dos veces igual

## Login
login-title = Gestión
login-who = ¿Quién es usted?
login-as = { $name }, escriba su PIN.
login-loading = Un momento…
login-digits = { $count ->
        [one] { $count } cifra escrita
       *[other] { $count } cifras escritas
    }
login-delete = Borrar la última cifra
login-unlock = Desbloquear
login-checking = Comprobando…
login-wrong = { $tries ->
        [one] Este PIN es incorrecto. Queda un intento.
       *[other] Este PIN es incorrecto. Quedan { $tries } intentos.
    }
login-locked-for = Demasiados PIN incorrectos. Inténtelo de nuevo en { $wait }.
login-locked = Demasiados PIN incorrectos. Otro gestor debe desbloquearle.
login-try-again = Ya puede intentarlo de nuevo.
login-recover = Usar el código de rescate
recover-title = Código de rescate
recover-text = Se mostró una vez al instalar el terminal. Le desbloquea; con un PIN nuevo sustituye al antiguo.
recover-code = Código de rescate
recover-deed = Desbloquear con él

## Recovery code
code-title = Anote este código de rescate
code-text = Vuelve a abrir la gestión si todos olvidan su PIN. Solo se muestra ahora. Guárdelo donde solo lleguen los gestores, no junto al terminal.
code-written = Lo he anotado
code-go-on = Continuar

## Host mode
page-today = Hoy
page-people = Personas
page-attendance = Asistencia
page-reports = Informes
page-audit = Registro
page-hosts = Gestores
page-keys = Claves y copia
page-settings = Ajustes
page-diagnostics = Diagnóstico
host-logged-in = { $name }
host-lock = Bloquear
host-locks-in = Se bloquea en { $wait }

## People
people-add = Añadir
people-search = Buscar nombre o tarjeta
people-count = { $shown } de { $people }
people-filter = Quién aparece
filter-everybody = Todos
filter-active = Activos
filter-any-kind = Todo fichaje
filter-any-source = Todo origen
people-none = Nadie todavía
people-none-text = Añada a la primera persona y tome tres imágenes de su cara.
people-not-found = Nadie tiene este nombre o tarjeta.
people-none-listed = No hay nadie en esta lista.
people-name = Nombre
people-badge = Tarjeta
people-badge-optional = Tarjeta o número, si el lugar los usa
people-state = Estado
people-consent = Consentimiento
people-enrolled = Registrado
people-not-enrolled = Sin registrar
people-again = Registrar de nuevo
people-inactive = Inactivo
people-enrol = Registrar
people-enrol-again = Repetir
people-enrol-spoken = Registrar a { $name }
people-erase = Borrar
people-erase-spoken = Borrar a { $name }
people-edit = Cambiar
people-edit-spoken = Cambiar a { $name }
people-edit-title = Cambiar a { $name }
people-edit-deed = Guardar
people-active = Activo: se le reconoce y espera
people-own-schedule = Un horario propio
people-pin = PIN para fichar sin la cara (aún no hay)
people-pin-set = PIN nuevo para fichar sin la cara (ya hay uno)
people-pin-locked = PIN para fichar sin la cara (bloqueado tras intentos fallidos)
people-pin-rule = De 6 a 12 cifras, no uno que se adivine.
people-unlock = Desbloquear el PIN
people-no-consent = No consta consentimiento.
people-consent-given = Aceptó la versión { $version } el { $date }.
people-withdraw = Retirar el consentimiento
people-withdraw-sure = Destruir los datos de la cara ahora
import-open = Importar
import-title = Importar una lista de personas
import-text = Elija un archivo CSV cuya primera línea nombre las columnas name y badge. Nada cambia antes de que vea lo que hará cada fila.
import-no-list = No hay archivos CSV aquí.
import-counts = { $add } por añadir, { $rename } por renombrar, { $known } ya conocidos, { $refused } rechazados.
import-line = Línea
import-deed = Qué hace
import-add = Añadir
import-rename = Nombre nuevo
import-known = Ya conocido
import-refuse = Rechazado
import-name-empty = sin nombre
import-name-long = nombre de más de 100 caracteres
import-line-break = nombre con salto de línea
import-badge-long = tarjeta de más de 64 caracteres
import-badge-twice = tarjeta usada dos veces
import-do = { $rows ->
        [one] Importar { $rows } fila
       *[other] Importar { $rows } filas
    }
import-done = { $added } añadidos, { $changed } renombrados.
people-erase-open = Borrar…
people-export-own = Exportar los datos de esta persona
people-exported = Lo que se guarda sobre esta persona está en { $path }
people-add-title = Añadir una persona
people-add-deed = Añadir
people-erase-title = ¿Borrar a { $name }?
people-erase-text = Se destruyen los datos de la cara, el nombre y todo lo que el terminal guarda de esta persona. Los fichajes pasados quedan sin nombre. Los informes ya guardados la siguen nombrando. No se puede deshacer.
people-erase-understood = Entiendo que no se puede deshacer
people-erase-deed = Borrar

## Enrolment
enrol-title = Registrar a { $name }
enrol-close = Cerrar
enrol-start = Empezar
enrol-shots = { $taken } de { $wanted } imágenes tomadas
enrol-no-face = No hay nadie en la imagen. Póngase ante la cámara.
enrol-several-faces = Hay más de una cara. Quédese solo, por favor.
enrol-pose = Un poco más.
enrol-done = { $shots ->
        [one] Registrado con { $shots } imagen.
       *[other] Registrado con { $shots } imágenes.
    }
enrol-done-text = Las imágenes no se guardan, solo lo necesario para reconocer esta cara. Desde ahora el terminal la conoce.
enrol-already = Esta cara ya está registrada, como { $name }.
enrol-already-text = En la puerta se tomarían por una sola persona. Guárdela solo si son dos, como gemelos.
enrol-store = Guardar de todos modos
enrol-drop = No guardar
enrol-look-alike = Parecida a { $name }. Si se confunden, registre a ambas con mejor luz.
enrol-failed-text = No se guardó nada.
enrol-again = Intentar de nuevo
enrol-back = Volver a personas
pose-front = Mire a la cámara
pose-aside = Gire un poco a la izquierda
pose-other-side = Gire un poco a la derecha
consent-title = Consentimiento
consent-text = El terminal mide su cara y guarda las medidas, selladas y solo en este aparato, para anotar cuándo entra y sale. No se guarda ninguna imagen. Puede negarse, y pedir que se borre todo en cualquier momento.
consent-version = Versión { $version } del texto
consent-built-in = Usar el texto original
consent-tick = La persona ha leído esto y lo acepta

## Today
today-enrol-again = { $people ->
        [one] Una persona que dio su consentimiento es desconocida para la red en uso. Regístrela de nuevo en la página Personas.
       *[other] { $people } personas que dieron su consentimiento son desconocidas para la red en uso. Regístrelas de nuevo en la página Personas.
    }
today-add = Añadir un fichaje
today-day-before = Día anterior
today-next-day = Día siguiente
today-inside = Dentro
today-everybody = Todos
today-marks = Fichajes
today-late = Tarde
today-not-seen = Sin ver
today-gone = Fuera
today-nobody = Nadie.
today-holiday = Festivo
today-audit-head = Registro { $head }
today-came = Entrada
today-last = Último
today-worked = Trabajado
today-planned = Previsto
today-late-by = Tarde { $time }
today-incomplete = Falta un fichaje
today-chart = Personas en el lugar durante el día, { $most } como máximo
presence-inside = Dentro
presence-on-break = En pausa
presence-left = Fuera
presence-absent = Ausente
presence-expected = Esperado
presence-free = No esperado
today-absent = Ausentes
today-none = Ningún fichaje este día
today-none-text = Aparecen aquí según entran y salen.
today-time = Hora
today-kind = Fichaje
today-source = Origen
today-by-face = Cara
today-by-host = Anotado por un gestor
today-by-pin = ID y PIN
today-not-me = «No soy yo»
today-corrected = Corregido
today-erased = Persona borrada
today-correct = Corregir
today-correct-spoken = Corregir { $name } { $time }
today-add-title = Añadir un fichaje
today-add-deed = Añadir
today-person = Persona
today-date-field = Fecha, como { $example }
today-time-field = Hora, como 08:00
today-reason = Motivo
today-reason-hint = Se guarda con el fichaje
today-correct-title = Corregir un fichaje
today-correct-deed = Guardar
today-replace = Sustituir
today-strike-out = Retirar
today-strike-out-text = El fichaje ya no cuenta. Queda en los datos con su motivo.
history-title = Historial de un fichaje
history-button = Historial
period-button = Bloquear días
period-title = Días bloqueados
period-open = Ningún día está bloqueado: todo fichaje se puede corregir.
period-locked = Bloqueado hasta el { $date } inclusive, por { $name } el { $on }.
period-lock = Bloquear más
period-lock-deed = Bloquear estos días
period-unlock = Desbloquear
period-unlock-after = Desbloquear parte
period-unlock-all = Desbloquear todo
period-until = Bloqueado hasta (inclusive)
period-lock-text = Desde entonces ningún gestor puede añadir ni corregir fichajes hasta ese día, y sus horas conservan las reglas de trabajo vigentes ahora. Solo se pueden bloquear días pasados. Un bloqueo no guarda nada más tiempo del que dicen los ajustes: los fichajes demasiado antiguos se borran igualmente.
period-unlock-text = Los días posteriores se pueden cambiar de nuevo. Quién lo hizo y por qué consta en el registro.
period-unlock-all-text = Todos los días se pueden cambiar de nuevo. Quién lo hizo y por qué consta en el registro.
history-spoken = Historial de { $name } { $time }
history-event = N.º
history-recorded = Anotado
history-says = Dice
history-struck-out = Retirado
attendance-count = { $shown } de { $rows }
attendance-none = Ningún fichaje en estos días
attendance-none-text = Elija otros días arriba.
attendance-not-found = Ningún fichaje coincide.
attendance-day = Día
range-from = Primer día
range-to = Último día
range-usual = Periodo
range-other = Como se escribió
range-today = Hoy
range-yesterday = Ayer
range-this-week = Esta semana
range-last-week = Semana pasada
range-this-month = Este mes
range-last-month = Mes pasado
range-rule = Escriba los dos días como { $example }, el primero no después del último.
reports-by-day = Cada día
reports-by-mark = Cada fichaje
reports-by = Una fila por
reports-format = Formato
reports-csv = Tabla CSV
reports-pdf-a4 = PDF, A4
reports-pdf-letter = PDF, Letter
reports-everybody = Todos
reports-chosen = { $people ->
        [one] { $people } persona
       *[other] { $people } personas
    }
reports-columns = { $columns ->
        [one] { $columns } columna
       *[other] { $columns } columnas
    }
reports-columns-title = Columnas
reports-people-title = Informe sobre quién
reports-no-column = Elija al menos una columna.
reports-where = Guardar en
reports-here = Este terminal
reports-stick = Memoria { $name }
reports-look-again = Actualizar
reports-preview = { $rows ->
        [one] { $rows } fila
       *[other] { $rows } filas
    }, { $people ->
        [one] { $people } persona
       *[other] { $people } personas
    }
reports-preview-cut = { $rows } filas, { $people ->
        [one] { $people } persona
       *[other] { $people } personas
    }; se muestran las { $shown } primeras
reports-nothing = Nada en este periodo.
reports-save = Guardar
reports-saved = { $rows ->
        [one] Se guardó { $rows } fila en { $path }
       *[other] Se guardaron { $rows } filas en { $path }
    }

## Audit
audit-none = Sin entradas
audit-none-text = Todo lo que se hace en este terminal aparece aquí.
audit-verify = Comprobar
audit-export = Exportar
audit-saved = Registro entero guardado en { $path }
audit-unbroken = Las { $entries } entradas están intactas. Cabeza { $head }
audit-same = La entrada { $number } es la de ese informe.
audit-earlier = Cabeza de un informe anterior
audit-compare = Comparar
audit-not-a-head = No es una cabeza. Un informe la muestra como número, dos puntos y al menos 16 cifras.
audit-broken = { $fault } Las { $entries } entradas anteriores son buenas. Deje la carpeta como está y restaure una copia.
audit-search = Buscar en el registro
audit-group = Clase de entrada
audit-group-all = Todas
audit-group-marks = Fichajes
audit-group-hosts = Gestores
audit-group-files = Exportaciones
audit-count = { $shown } de { $entries }
audit-not-found = Ninguna entrada coincide.
audit-number = N.º
audit-time = Hora
audit-who = Quién
audit-what = Qué
audit-line = { $who }: { $what }
audit-kiosk = Terminal
audit-somebody = Un gestor
audit-erased-person = una persona borrada
audit-store-created = Terminal instalado
audit-started = Iniciado
audit-stopped = Detenido
audit-rebuilt = Datos reconstruidos tras una parada brusca
audit-host-added = Gestor { $name } añadido
audit-login = { $name } abrió la gestión
audit-login-failed = PIN incorrecto de { $name }
audit-locked-out = { $name } bloqueado
audit-session-timed-out = La gestión se bloqueó sola
audit-session-ended = La gestión se bloqueó
audit-person-added = { $name } añadido
audit-person-changed = { $name } modificado
audit-enrolled = { $shots ->
        [one] { $name } registrado con { $shots } imagen
       *[other] { $name } registrado con { $shots } imágenes
    }
audit-person-erased = Una persona borrada
audit-marked-in = Entrada de { $name }
audit-marked-out = Salida de { $name }
audit-marked-break = Empieza la pausa de { $name }
audit-marked-back = Acaba la pausa de { $name }
audit-corrected = Fichaje { $old } sustituido por { $new }
audit-exported = { $rows ->
        [one] { $rows } fila exportada
       *[other] { $rows } filas exportadas
    }
audit-settings-changed = Ajustes modificados
audit-weights-changed = Usa la red { $id }
audit-presentation-refused = Imagen de alguien rechazada
audit-clock-jumped = El reloj saltó { $secs } s
audit-host-removed = Gestor { $name } quitado
audit-pin-changed = PIN nuevo de { $name }
audit-unlocked = { $name } desbloqueado
audit-recovery-made = Código de rescate creado
audit-recovery-used = Código de rescate usado para { $name }
audit-recovery-wrong = Código de rescate incorrecto
audit-pin-set = PIN fijado para { $name }
audit-pin-removed = PIN de { $name } quitado
audit-consent-withdrawn = { $name } retiró su consentimiento; datos de la cara destruidos
audit-key-changed = Otra clave o frase abre los datos
audit-key-rotation-begun = Empezó el cambio de la clave maestra
audit-key-rotated = Clave maestra cambiada
audit-backed-up = Copia de seguridad de { $records } registros
audit-restored = Datos restaurados de una copia
audit-person-exported = Datos de { $name } exportados
audit-swept = Borrados por la regla de conservación: { $marks } fichajes, caras de { $faces } personas
audit-two-person-on = Regla de dos personas activada
audit-two-person-off = Regla de dos personas desactivada
audit-agreed-erase = { $name } aceptó borrar a una persona
audit-agreed-key = { $name } aceptó otra clave o frase
audit-agreed-rotate = { $name } aceptó cambiar la clave maestra
audit-agreed-rule = { $name } aceptó desactivar la regla de dos personas
audit-agreed-host = { $name } aceptó añadir un gestor
audit-agreed-code = { $name } aceptó crear un código de rescate
audit-period-locked = Asistencia bloqueada hasta el { $date } inclusive
audit-period-unlocked = Asistencia posterior al { $date } desbloqueada: { $reason }
audit-all-unlocked = Toda la asistencia desbloqueada: { $reason }

## Hosts
hosts-text = Los gestores abren la gestión con su propio PIN.
hosts-done = Hecho y guardado.
hosts-add = Añadir gestor
hosts-add-title = Añadir un gestor
hosts-add-deed = Añadir
hosts-name = Nombre
hosts-new-pin = PIN nuevo
hosts-old-pin = PIN actual
hosts-change-pin = Cambiar mi PIN
hosts-change-deed = Cambiar
hosts-new-code = Nuevo código de rescate
hosts-new-code-text = El código de rescate actual deja de valer. El nuevo se muestra una vez: tenga con qué escribir.
hosts-new-code-deed = Mostrarlo
hosts-you = Usted
hosts-locked = Bloqueado
hosts-recovered = Desbloqueado hace poco
hosts-remove = Quitar
hosts-remove-spoken = Quitar a { $name }
hosts-remove-title = ¿Quitar a { $name }?
hosts-remove-text = Ya no podrá abrir la gestión. Lo que hizo queda en el registro.
hosts-unlock = Desbloquear
hosts-unlock-spoken = Desbloquear a { $name }
hosts-two-person = Regla de dos personas
hosts-two-person-on = Activar
hosts-two-person-on-text = Desde ahora, un segundo gestor debe dar su conformidad con su PIN antes de borrar a una persona, cambiar una clave, añadir un gestor, crear un código de rescate o desactivar esta regla.
hosts-two-person-off = Desactivar
hosts-two-person-off-text = Cada gestor podrá de nuevo, sin nadie más, borrar personas, cambiar claves, añadir gestores y crear códigos de rescate. Un segundo gestor debe estar conforme.
second-host-title = Un segundo gestor debe dar su conformidad
second-host-text = La regla de dos personas está activa. Deje que otro gestor escriba su PIN aquí.
second-host-who = ¿Quién da su conformidad?
second-host-pin = Su PIN
second-host-deed = Dar conformidad
second-host-locked = Demasiados PIN incorrectos. Otro gestor o el código de rescate debe desbloquear a esta persona.

## Keys and backup
keys-backup = Copia de seguridad
keys-backup-text = Todo en un solo archivo sellado: personas, caras, fichajes, registro y ajustes. Con su contraseña se puede restaurar en cualquier equipo.
keys-backup-here = En este terminal se pierde junto con aquello de lo que es copia. Conecte una memoria USB.
keys-backup-make = Hacer una copia
keys-backup-words = Solo esta contraseña abre la copia. Nadie puede recuperarla: guárdela lejos de la memoria USB.
keys-backup-deed = Guardar
keys-backup-saved = { $records ->
        [one] Copia de { $records } registro guardada en { $path }
       *[other] Copia de { $records } registros guardada en { $path }
    }
keys-passphrase = Contraseña
keys-passphrase-again = La misma contraseña otra vez
keys-passphrase-length = Al menos { $least } caracteres: cuatro palabras sin relación valen
keys-passphrase-same = Las dos son iguales
keys-opens = Qué abre los datos
keys-opens-file = El archivo de clave { $path } abre los datos, y el terminal arranca sin vigilancia. Quien se lleve el equipo entero tiene también la clave.
keys-opens-passphrase = Una contraseña abre los datos. Alguien la escribe en cada arranque.
keys-new-file = Nuevo archivo de clave
keys-new-file-text = Se crea una clave nueva y se guarda en { $path }. Si hay un archivo de clave con ese nombre, queda al lado con otro nombre: bórrelo cuando ningún otro terminal lo necesite.
keys-use-passphrase = Nueva contraseña
keys-use-passphrase-text = Desde ahora el terminal solo arranca si alguien da esta contraseña. Un servicio que arranca solo necesita «--passphrase-file». Si se olvida, solo ayuda una copia de seguridad.
keys-changed = Cambiado. Una copia antigua de los datos aún se abre con la clave antigua: cambie también la clave maestra si alguien puede tener una.
keys-master = Clave maestra
keys-master-text = Sella cada registro. Si alguien pudo copiar la clave y los datos: primero otro archivo de clave u otra contraseña, después esta.
keys-rotate = Cambiar la clave maestra
keys-rotate-sure = Cada registro se sella de nuevo mientras el terminal sigue. Puede tardar minutos; apagarlo entretanto no pierde nada.
keys-rotate-deed = Cambiarla
keys-rotating = Se está cambiando la clave maestra. El terminal se puede usar entretanto.

## Settings
settings-save = Guardar
settings-undo = Deshacer
settings-as-saved = Todo está como se guardó.
settings-unsaved = Cambiado, pero aún sin guardar.
settings-saved = Guardado a las { $time }. Vale desde ahora.
settings-restart-needed = Un cambio valdrá al iniciar de nuevo el terminal.
settings-after-restart = Vale tras reiniciar
settings-usual = Habitual: { $usual }
settings-range = De { $least } a { $most }.
settings-site = Lugar
settings-site-help = Aparece en el terminal y en los informes.
settings-zone-help = Decide qué significa «08:00».
settings-language = Idioma
settings-marking = Fichaje
settings-mode = Cuándo una cara reconocida significa entrada o salida
settings-mode-help = «Preguntar» ofrece entrada, salida y pausas en la pantalla.
settings-out-from = Salida desde
settings-guard = Segundos antes de fichar de nuevo a la misma persona
settings-guard-help = Quien pasa dos veces seguidas ficha una vez.
settings-day-start = Hora a la que empieza un día
settings-day-start-help = Los fichajes tras medianoche y antes de esta hora son del día anterior.
settings-screen = Pantalla
settings-look = Colores
settings-large-type = Letra grande
settings-high-contrast = Alto contraste
settings-keyboard = Teclado en pantalla
settings-keyboard-help = Automático lo muestra cuando un dedo toca un campo de texto, no con un ratón.
settings-saver = Segundos sin nadie hasta que la pantalla descansa
settings-saver-help = Una cara o un toque la despierta. 0 es nunca; si no, 30 o más.
settings-sound = Tonos en la puerta
settings-sound-help = Reconocido, no reconocido y rechazado tienen cada uno el suyo. «Automático» los reproduce si hay salida de audio.
settings-sound-no-player = Aquí nada reproduce tonos: instale alsa-utils
settings-sound-no-device = No se conoce ninguna salida de audio
work-title = Jornada
work-text = Sin horario nadie llega tarde ni falta. Cada uno puede tener el suyo.
work-grace = minutos que aún no son tarde
work-rounding = Las horas de un día van
work-breaks = Pausas descontadas, como { $example }
work-holidays = Festivos, uno por línea, como { $example }
work-holidays-example = { $day } Navidad
rounding-exact = sin redondear
rounding-nearest = redondeadas a { $minutes } minutos
rounding-down = redondeadas hacia abajo a { $minutes } minutos
rounding-up = redondeadas hacia arriba a { $minutes } minutos
shift-add = Añadir un turno
shift-remove = Quitar
shift-remove-spoken = Quitar el turno { $shift }
shift-start = Inicio del turno { $shift }
shift-end = Fin del turno { $shift }
shift-no-day = Un turno necesita al menos un día.
shift-length = Un turno dura de un minuto a 16 horas.
shift-overlap = Dos turnos coinciden.
shift-time = Escriba las horas como 08:00.
settings-camera-title = Cámara
settings-camera = Cámara
settings-camera-choose = Cámaras para elegir
settings-camera-auto = La primera que funcione
settings-camera-demo = Demostración incluida
settings-camera-again = Buscar de nuevo
settings-camera-live = En marcha: { $camera }
settings-camera-help = Se aplica en cuanto se guarda. En el campo: auto, demo, un número, /dev/video0, una carpeta de imágenes o la dirección http de un flujo Motion JPEG.
settings-rotate = Girar la imagen en sentido horario
settings-mirror = Mostrar a las personas como en un espejo
settings-recognition = Reconocimiento
settings-fpir = Visitas de extraños que pueden tomarse por alguien
settings-fpir-help = Menos es más seguro, pero los registrados deberán mirar otra vez más a menudo.
settings-device = Dónde calculan las redes
settings-device-help = «Automático» usa una tarjeta gráfica si este programa puede.
settings-liveness = Distinguir a una persona de su imagen
settings-liveness-help = «Automático» lo comprueba si hay una red para ello. Vale tras reiniciar.
settings-bona-fide = Porcentaje desde el que alguien cuenta como persona
settings-bona-fide-help = Más alto rechaza más imágenes, y más personas con mala luz.
settings-renew-faces = Volver a registrar a las personas al pasar
settings-renew-faces-help = Tras cambiar de reconocedor, quien ficha con ID y PIN, a solas ante la cámara, queda registrado de nuevo con él.
liveness-on = Siempre
liveness-off = Nunca
settings-detector = Red que encuentra caras
settings-recogniser = Red que distingue personas
settings-built-in = incluida
network-licence = Licencia: { $licence }.
network-measured = Medido: el { $share } de los desconocidos se toma por una de { $people } personas.
network-asks = Entre las { $people } personas que conoce aquí, un rostro se reconoce a partir de una semejanza de { $cosine }.
network-asks-beyond = Entre las { $people } personas que conoce aquí, un rostro se reconoce a partir de una semejanza de { $cosine } (una estimación: se midieron menos).
network-detector-help = Los rostros solo se miden igual con el mismo detector: tras un cambio, registre de nuevo a las personas.
network-not-measured = Sus errores no se han medido: se usa un umbral prudente.
network-again = A registrar de nuevo con ella: { $people }.
network-title = ¿Usar { $id }?
network-unusable = No se puede usar { $id }. Instálelo de nuevo o retírelo.
network-left-out = { $people ->
        [one] Con { $id } hay que registrar de nuevo a una persona antes de que el equipo la reconozca.
       *[other] Con { $id } hay que registrar de nuevo a { $people } personas antes de que el equipo las reconozca.
    }
network-text = Los rostros medidos por una red nunca se comparan con los de otra. Lo guardado permanece: para volver atrás no hace falta registrar de nuevo. Vale cuando se guarden los ajustes y se reinicie el equipo.
network-deed = Usarla
settings-weights-help = «faceprint weights install» instala otras. La elección vale desde el próximo inicio.
settings-times = Tiempos
settings-not-me = Segundos para pulsar «No soy yo»
settings-not-me-help = La tarjeta permanece ese tiempo.
settings-idle = Segundos hasta que se bloquea la gestión
settings-idle-help = Contados desde el último toque.
settings-consent = Consentimiento
settings-consent-help = Un texto cambiado se guarda como versión nueva. Quien se registró antes aceptó la versión anotada con sus datos.
settings-keeping = Cuánto se guardan los datos
settings-keep-marks = Días tras los que se borran los fichajes
settings-keep-help = Se borran de noche y se anota en el registro, también en periodos bloqueados. El propio registro conserva quién (con un identificador aleatorio) fichó y cuándo. 0 los guarda siempre.
settings-keep-faces = Días sin fichar tras los que se borran los datos de la cara
settings-keep-faces-help = La persona queda y puede usar ID y PIN. 0 los guarda siempre.
settings-kiosk = Este programa
settings-quit = Cerrar el terminal
settings-quit-help = Termina el programa. Nadie podrá fichar hasta que se inicie de nuevo.
settings-keys = Claves y copia…
settings-keys-help = Una copia sellada de todo, y qué abre los datos.
mode-toggle = Entrada, salida, entrada
mode-out-from = Entrada antes de una hora, salida desde ella
mode-always-in = Siempre entrada
mode-always-out = Siempre salida
mode-ask = Preguntar a la persona
look-system = Como el sistema
look-light = Claro
look-dark = Oscuro
device-auto = Automático
device-cpu = Procesador
device-cuda = Tarjeta NVIDIA
device-threads =
    Procesador, { $threads ->
        [one] un hilo
       *[other] { $threads } hilos
    }

## Diagnostics
diagnostics-well = Todo va bien.
diagnostics-captured = Cámara, imágenes por segundo
diagnostics-processed = Reconocidas, imágenes por segundo
diagnostics-dropped = Imágenes saltadas
diagnostics-rates = Imágenes por segundo, últimos dos minutos
diagnostics-plot-camera = Cámara
diagnostics-plot-recognised = Reconocidas
diagnostics-times = Duración de cada paso, últimos dos minutos
diagnostics-detect = Encontrar caras
diagnostics-embed = Medir una cara
diagnostics-frame = Imagen entera
diagnostics-camera = Cámara
diagnostics-weights = Redes
diagnostics-device = Calcula en
diagnostics-templates = Caras guardadas
diagnostics-threshold = Umbral
diagnostics-disk = Disco
diagnostics-disk-free = { $free } libres de { $total }
diagnostics-data = Carpeta de datos
diagnostics-memory = Memoria en uso
diagnostics-temperature = Temperatura
diagnostics-clock = Reloj
diagnostics-clock-kept = Lo ajusta un servicio de hora
diagnostics-clock-loose = El servicio de hora aún no lo ha ajustado
diagnostics-clock-unknown = No hay servicio de hora de systemd
diagnostics-stages = Duración de cada etapa
diagnostics-stage = Etapa
diagnostics-capture = Tomar la imagen
diagnostics-convert = Convertir la imagen
diagnostics-track = Seguir las caras
diagnostics-align = Alinear las caras
diagnostics-match = Comparar
diagnostics-liveness = Distinguir de una imagen
diagnostics-decide = Decidir y registrar
bench-title = Prueba de velocidad
bench-text = Mide 300 imágenes de la cámara de demostración junto al terminal en marcha, como «faceprint bench» sin él.
bench-start = Iniciar la prueba
bench-progress = { $done } de { $of } imágenes
bench-result = { $fps } imágenes por segundo en { $frames } imágenes

## Cuando algo no se puede hacer
trouble-line = Línea { $line }: { $text }
trouble-stick-gone = La memoria ya no está conectada. Elija de nuevo dónde guardar.
trouble-no-longer-enrolled = Esta persona ya no está registrada. Consulte al gestor.
trouble-in-future = La hora está en el futuro. Indique cuándo fue.
trouble-reason-missing = Una corrección necesita un motivo. Escriba por qué.
trouble-reason-long = El motivo tiene más de 300 caracteres. Acórtelo.
trouble-range-backwards = El periodo termina antes de empezar. Intercambie las fechas.
trouble-range-long = El periodo dura más de diez años. Elija uno más corto.
trouble-mark-too-old = Este fichaje es demasiado antiguo para anularlo aquí. Consulte al gestor.
trouble-pictures-gone = Estas imágenes ya no existen. Tómelas de nuevo.
trouble-not-renewed = Esta persona está inactiva o ha retirado su consentimiento.
trouble-needs-no-second = Esto no necesita un segundo gestor. Hágalo solo.
trouble-second-is-first = El segundo gestor debe ser otro que el primero. Deje que otra persona lo apruebe.
trouble-unlocks-themselves = Otro gestor tiene que desbloquearle. Pídaselo a uno de ellos.
trouble-no-key-file = En este terminal no hay sitio para un archivo de clave. Use «faceprint key change».
trouble-recovered-lately = Un gestor cuyo PIN se puso con el código de rescate, o que fue desbloqueado, no participa durante siete días en nada que necesite a dos. Pida a otro gestor, o espere.
trouble-internal = Un error interno lo impidió. Inténtelo de nuevo.
trouble-under-way = Hay otra tarea en curso. Espere o deténgala.
trouble-stopped = Detenido antes del final. No ha quedado nada.
trouble-closed-meanwhile = Los datos se cerraron entretanto. Inténtelo de nuevo.
trouble-store-closed = Los datos están cerrados por el momento. Inténtelo de nuevo en unos segundos.
trouble-visit-lost = Su visita no se ha registrado: los datos están cerrados. Avise a un gestor.
trouble-nobody-came = Durante dos minutos no se registró a nadie. Empiece de nuevo.
trouble-begun-anew = El reconocimiento se reinició entretanto. Empiece de nuevo.
trouble-not-set-up = El terminal aún no está configurado. Termine la primera puesta en marcha.
trouble-set-up-already = Este terminal ya está configurado. Entre como gestor.
trouble-recogniser-silent = El reconocimiento no responde. Espere a que se reinicie e inténtelo de nuevo.
trouble-recogniser-restarts = El reconocimiento se detuvo por un error interno y vuelve a empezar solo. Si se repite, reinicie el terminal y comuníquelo.
trouble-ledger-restarts = El registro se detuvo por un error interno. Los datos se vuelven a abrir solos.
trouble-write-failed = No se pudo escribir un fichaje. Los datos se vuelven a abrir solos.
trouble-weights-changed = La red de reconocimiento cambió durante el funcionamiento. Reinicie el terminal.
trouble-networks = El reconocimiento no funciona. Ejecute «faceprint doctor» en este equipo.
trouble-disk-full = El disco está lleno. Libere espacio e inténtelo de nuevo; no se ha perdido nada de lo registrado.
trouble-unreadable = No se puede leer { $path }: { $reason }
trouble-unwritable = No se puede escribir { $path }: { $reason }
trouble-file-exists = { $path } ya existe. Elija otro nombre.
trouble-report = No se pudo escribir el informe: { $reason }
trouble-font = No se puede leer la fuente de los PDF. Vuelva a instalar el programa o exporte en CSV.
trouble-damaged = Los datos están dañados ({ $place }). Deje la carpeta como está y restaure una copia de seguridad.
place-entry = { $file }, entrada { $entry }, byte { $byte }
place-missing = faltan las entradas { $from } a { $to } del diario
place-checkpoint = punto de control, parte { $part }
place-record = un registro: { $kind }
place-person-keys = Claves de las personas
place-faces = Datos faciales
place-attempts = PIN erróneos
place-person-pins = PIN de las personas
trouble-later = { $what } procede de una versión posterior de faceprint. Actualice esta.
trouble-later-rules = Las reglas con las que se cuentan los días bloqueados proceden de una versión posterior de faceprint. Actualice esta.
trouble-store-failed = No se puede escribir nada desde un fallo anterior. Reinicie el terminal; no se ha perdido nada de lo registrado.
trouble-store-there = { $path } ya contiene datos. Ábralos o elija una carpeta vacía.
trouble-store-missing = { $path } no contiene datos. Configure el terminal o indique la carpeta correcta con --data.
trouble-store-keyless = { $path } contiene datos sin vault.key, así que no se pueden leer. Recupere ese archivo de una copia de seguridad.
trouble-store-in-use = Otro terminal ya usa { $path }. Deténgalo primero.
trouble-key-missing = Falta el archivo de clave { $path }. Recupérelo o restaure una copia de seguridad en una carpeta vacía.
trouble-key-open = Otros usuarios pueden leer el archivo de clave { $path }. Aplíquele «chmod 600».
trouble-key-damaged = { $path } no es un archivo de clave completo. Recupere el original.
trouble-key-unusable = No se puede usar el archivo de clave { $path }. Revise la carpeta y sus permisos.
trouble-wrong-key = Esta clave no abre los datos. Use el archivo de clave o la contraseña originales.
trouble-key-blob = Las claves de los datos (vault.key) están dañadas. Recupérelas de una copia de seguridad.
trouble-machine = Al equipo le falta memoria o no da números aleatorios. Reinícielo.
trouble-too-long = El texto es demasiado largo. Acórtelo.
trouble-no-such-person = Esta persona ya no existe. Abra la página de nuevo.
trouble-no-such-host = Este gestor ya no existe. Abra la página de nuevo.
trouble-no-recovery-code = No hay código de rescate. Otro gestor debe desbloquear a este.
trouble-last-host = Es el único gestor. Añada primero otro.
trouble-last-pair = La regla de dos personas está activa y necesita dos gestores. Añada primero otro o desactívela juntos.
trouble-no-pair = La regla de dos personas necesita dos gestores. Añada primero otro.
trouble-no-such-mark = Esta persona no tiene el fichaje { $event }. Abra la página de nuevo.
trouble-already-corrected = El fichaje { $event } ya se corrigió. Corrija el más reciente.
trouble-badge-taken = Este número de tarjeta es de otra persona. Use otro o ninguno.
trouble-host-taken = Ya hay un gestor con este nombre. Use otro.
trouble-erasure-pending = La persona está borrada, pero aún no se han podido quitar archivos antiguos con restos. Se intenta de nuevo cada minuto y en cada cierre e inicio.
trouble-settings-file = El archivo de ajustes { $path } no se entiende. Corríjalo o bórrelo para empezar de cero.
trouble-setting = El ajuste «{ $label }» ({ $field } en el archivo de ajustes) no puede tener este valor.
trouble-setting-key = El ajuste { $field } no puede tener este valor.
trouble-list-large = La lista ocupa más de { $most } MB. Divídala.
trouble-list-rows = La lista tiene más de { $most } filas. Divídala.
trouble-list-coding = La lista no está en UTF-8. Guárdela como «CSV UTF-8» en la hoja de cálculo.
trouble-list-name = La lista no tiene la columna «name». La primera línea debe nombrar las columnas, por ejemplo name,badge.
trouble-list-broken = No se puede leer la lista. Guárdela de nuevo como CSV.
trouble-wrong-code = El código de rescate es incorrecto. Escríbalo como se mostró.
trouble-locked = La asistencia está bloqueada hasta el { $until } inclusive, por { $name } el { $date }. Un gestor puede desbloquearla, con un motivo.
trouble-day-not-over = Solo se pueden bloquear días pasados. Elija ayer o antes.
trouble-too-long-ago = Nada es de hace tanto. Compruebe el año.
trouble-unlock-reason = Desbloquear necesita un motivo. Escriba por qué.
trouble-locked-already = La asistencia ya está bloqueada hasta el { $date } inclusive. Elija un día posterior.
trouble-locked-only = La asistencia solo está bloqueada hasta el { $date } inclusive. Elija un día anterior.
trouble-nothing-locked = Ningún día está bloqueado. No hay nada que desbloquear.
reason-full = no queda espacio. Libere algo o elija otro sitio.
reason-missing = no está. Conecte de nuevo la memoria o elija otro sitio.
reason-denied = este usuario no tiene permiso. Revise los permisos.
reason-read-only = es de solo lectura. Mueva el seguro de la memoria o elija otro sitio.
reason-pulled = el disco o la memoria no responde. Si se retiró, conéctela e inténtelo de nuevo.
reason-other = el sistema indica el error { $number }. Revise el disco o la memoria.
setting-weights = El identificador de una red es el que muestra «faceprint weights list».
setting-camera = Esto no es una cámara: auto, demo, un número, /dev/video0, una carpeta de imágenes o una dirección http.
setting-breaks = Escriba las pausas como 30 después de 6:00 (minutos de pausa, horas de trabajo).
setting-holidays = Escriba un festivo como { $example }, seguido de su nombre.
setting-shifts = Un horario tiene como máximo { $most } turnos. Quite algunos.
audit-fault-missing = Falta la entrada { $number }.
audit-fault-unreadable = La entrada { $number } no se puede leer: se cambió o se movió.
audit-fault-changed = La entrada { $number } se cambió, o una anterior.
audit-fault-cut = El registro fue cortado: no tiene la entrada { $number }.
audit-fault-replaced = La entrada { $number } no es la de esta cabeza. Si la cabeza está bien copiada, el registro se escribió de nuevo.
bench-failed = No se pudo hacer la prueba de velocidad.

"""How agencies head their columns, by standard name: Russian, Tajik, Uzbek, Kyrgyz and English.

Case, blanks and punctuation do not count, and no spelling belongs to two names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_SPELLINGS = """
[record_id]
№ дела клиента | учетный номер | учётный номер | учетный № | номер учета | рақами карта | рақами қайд | қайд рақами |
карточка рақами | ro'yxat raqami | каттоо номери | record id | case file no | file no | reference | ref no |
№ карточки | номер карточки | рег. № | регистрационный номер | номер записи | идентификатор | код | ид | рақами сабт |
рақами муроҷиат | рақами корт | id | rec no | record no | record number | client code | client id | card no | local id
[surname]
фамилияси | familiyasi | familiya | фамилиясы | насабаш | surnames | фамилия | насаб | last name | family name
[given_name]
исми | ismi | ism | аты | номаш | given name | firstname | имя | ном | first name | given names | forename
[patronymic]
отасининг исми | otasining ismi | sharifi | шарифи | атасынын аты | номи падараш | fathers_name | father name |
middlename | отчество | номи падар | father's name | fathers name | middle name
[full_name]
фамилия, имя, отчество | фамилия имя | ф.и.ш. | f.i.sh. | f.i.o. | фиш | аты-жөнү | ному насаб ва номи падар |
насаб, ном ва номи падар | насабу ном | лицо | full name | client name | victim name | name of person | фио | ф.и.о. |
фамилия имя отчество | фамилия, имя | ному насаб | ному насаби пурра | муроҷиаткунанда | name | person name
[birth_date]
туғилган сана | туғилган санаси | tug'ilgan sana | tug'ilgan sanasi | туулган күнү | сана таваллуд |
год и дата рождения | число, месяц, год рождения | дата, месяц, год рождения | date_of_birth | birth date |
сол ё санаи таваллуд | сол, моҳ ва рӯзи таваллуд | дата рождения | дата рожд. | д.р. | санаи таваллуд | рӯзи таваллуд |
сол/санаи таваллуд | date of birth | dob | dob (if known) | birthdate
[birth_year]
туғилган йили | tug'ilgan yili | туулган жылы | год рожд. | birth year | год рождения | г.р. | соли таваллуд |
year of birth | yob
[age]
ёши | yoshi | жашы | синну солаш | количество лет | лет | age (years) | age in years | возраст | полных лет |
синну сол | син | age at event
[sex]
жинси | jinsi | жынысы | ҷинси | мард/зан | м/ж | sex (m/f) | gender (m/f) | пол | ҷинс | gender
[citizenship]
фуқаролиги | fuqaroligi | жарандыгы | тобеият | табаият | citizen of | country | гражданство | гражд. | шаҳрвандӣ |
nationality | country of citizenship
[region]
вилоят/шаҳр | viloyat | viloyati | вилояти | облус | облусу | регион проживания | область проживания |
region of origin | home region | регион | область | вилоят | минтақа | province | oblast
[district]
туман | tumani | tuman | району | ноҳия (шаҳр) | шаҳр (ноҳия) | город (район) | район (город) | населенный пункт |
district/city | city/district | district of origin | район | город/район | город, район | ноҳия | шаҳр/ноҳия | rayon
[document_number]
паспорт рақами | паспорт серияси ва рақами | pasport raqami | pasport | паспорт номери | серия и номер паспорта |
серия, номер паспорта | № документа | удостоверение личности | рақами ҳуҷҷат | passport_no | doc_no | id doc |
identity document | документ | паспорт | № паспорта | номер паспорта | номер документа | шиноснома | рақами шиноснома |
passport | passport no | passport number | doc no | document no | id number
[tax_number]
инн | рмс | рма | инн/пинфл | пинфл | жшшир | jshshir | stir | рақами мушаххаси андозсупоранда |
идентификационный номер налогоплательщика | пин | tin | tax id | tax no | tax identification number
[case_number]
номер уг.дела | № уд | уголовное дело | жиноят иши рақами | jinoyat ishi raqami | иш рақами | кылмыш иши |
рақами парвандаи ҷиноятӣ | criminal case no | criminal case | case number | № уголовного дела | номер уголовного дела |
дело № | № дела | номер дела | рақами парванда | case no | case id
[role]
категория лица | статус | категория | процессуальное положение | шахснинг мақоми | мақоми | maqomi | макамы |
мақоми шахс | category | role in case | роль | статус лица | процессуальный статус | вазъи мурофиавӣ | нақш | status |
procedural status
[stage]
движение дела | натиҷа | решение | результат | стадия дела | босқич | этабы | stage of proceedings | outcome | стадия |
этап | марҳила
[event_date]
дата | сана | sana | күнү | дата карточки | дата решения | дата возвращения | дата поступления | дата приема |
дата приёма | дата вынесения приговора | дата постановления | дата возбуждения | дата заполнения | санаи қайд |
санаи бозгашт | санаи гирифтани парванда | date of intake | date of referral | date of sentence | date of judgment |
date identified | event date | date_of_return | дата события | дата регистрации | дата выявления |
дата направления в суд | дата приговора | дата обращения | санаи ҳукм | санаи муроҷиат | санаи сабт | санаи ҳодиса |
date | date of event | date of return | intake date | date of registration
[article]
статья обвинения | статьи ук | статья ук рт | ст. ук | ст. ук рт | модда | жк моддаси | жиноят моддаси | моддаси |
беренеси | article | criminal code article | моддаи кодекси ҷиноятӣ | статья | статья ук | квалификация | моддаи кҷ |
модда | article of law
[form_of_exploitation]
цель | форма | вид торговли людьми | эксплуатация тури | эксплуатация шакли | мақсади истисмор | навъи истисмор |
form of exploitation | purpose of exploitation | form | type_of_exploitation | вид эксплуатации | форма эксплуатации |
цель эксплуатации | шакли истисмор | мавзӯъ | exploitation | type of exploitation
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    sections = re.findall(r"\[(\w+)\]\n([^\[]+)", text)
    return {name: tuple(spelling.strip() for spelling in body.replace("\n", " ").split("|")) for name, body in sections}


SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(_table(_SPELLINGS))

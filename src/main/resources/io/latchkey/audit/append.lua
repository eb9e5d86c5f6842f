local link = cjson.decode(ARGV[1])
if audit_moved(link) then return 0 end
audit_append(link)
return 1
